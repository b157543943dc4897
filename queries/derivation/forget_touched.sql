-- The touched rows that this rebuild took are done; those that came since wait for the next.
delete from touched
where rowid in (select row_id from handled)
