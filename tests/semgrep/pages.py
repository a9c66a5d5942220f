# What .semgrep/pages.yaml finds and what it lets pass; `semgrep --test` compares.


def unescaped(name):
    # ruleid: pages-unescaped
    mark_safe(name)
    # ruleid: pages-unescaped
    mark_safe(f"<b>{name}</b>")
    # ruleid: pages-unescaped
    safestring.mark_safe("<b>" + name)
    # ruleid: pages-unescaped
    SafeString(name)
    # ok: pages-unescaped
    SafeString("")
    # ok: pages-unescaped
    format_html("<b>{}</b>", name)


def formats(name):
    # ruleid: pages-format
    format_html(f"<b>{name}</b>")
    # ruleid: pages-format
    format_html("<b>%s</b>" % name)
    # ruleid: pages-format
    format_html("<b>{}</b>".format(name))
    # ruleid: pages-format
    format_html_join(" ", f"{name}{{}}", [])
    # ok: pages-format
    format_html("<b>{}</b>", name)
    # ok: pages-format
    format_html("{}", f"{name}")
