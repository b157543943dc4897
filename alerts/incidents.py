"""Services that keep incidents open until they are told of the end."""

from apprise.plugins import NotifyBase
from apprise.plugins.opsgenie import NotifyOpsgenie, OpsgenieAlertAction
from apprise.plugins.pagerduty import NotifyPagerDuty, PagerDutyAction


def tell_incident(service: NotifyBase, incident: str, *, is_over: bool) -> None:
    """Have a service that keeps incidents take its next message for one about this incident, or for its end."""
    if isinstance(service, NotifyPagerDuty):
        service.dedup = incident
        service.action = PagerDutyAction.RESOLVE if is_over else PagerDutyAction.TRIGGER
    elif isinstance(service, NotifyOpsgenie):
        service.alias = incident
        service.action = OpsgenieAlertAction.CLOSE if is_over else OpsgenieAlertAction.NEW
