"""Texts that an agent may send and that must only ever be read as text."""

HOSTILE_TEXTS = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    '<a href="https://outside.invalid/link">click</a>',
    "**bold** _it_ [link](https://outside.invalid/md) ![picture](https://outside.invalid/md.png)",
    ":red[red] :material/home: :rocket: $\\frac{1}{2}$ -> <-",
    "https://outside.invalid/auto www.outside.invalid",
    "%{customdata} {{x}} #000001 &lt;b&gt; &amp;",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "# heading\n> quote\n```\ncode\n```",
    "'; drop table runs; --",
    "../../etc/passwd",
    '=HYPERLINK("https://outside.invalid")',
    "javascript:window.hacked=1",
    "\u202eright to left\u202c \x1b[31mred\x1b[0m \x00 \ufeff",
]
