"""What may not happen on a page, whatever it shows."""

# The browser tells the page, the page's console tells the watcher.
REPORT_POLICY = """
addEventListener("securitypolicyviolation", event => console.error(
  `policy: ${event.effectiveDirective} forbids ${event.blockedURI} ${event.sample}`));
"""
# The elements that stand out at the right, if the page can be pushed sideways.
TOO_WIDE = """() => {
  const wide = document.scrollingElement.scrollWidth;
  if (wide <= innerWidth) return [];
  const named = [...document.body.querySelectorAll("*")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 0.5)
    .map(one => `${one.tagName}#${one.id}.${one.classList}`);
  return [`${wide} pixels wide, ${innerWidth} seen: ${named.slice(0, 12).join(", ")}`];
}"""


class Watch:
    """Collects the troubles of a browser's context, with the page that had them.

    ``refusals`` are answers from 400 on that are expected, and no trouble.
    """

    def __init__(self, context, *, origin):
        self.origin = origin
        self.troubles = []
        self.refusals = set()
        context.add_init_script(REPORT_POLICY)
        context.on("request", self.see_request)
        context.on("response", self.see_response)
        context.on("console", self.see_console)
        context.on("weberror", lambda found: self.note(found.page, found.error))

    def note(self, page, what):
        self.troubles.append(f"{page.url if page else ''}: {what}")

    def see_request(self, request):
        here = (f"{self.origin}/", "data:", "blob:")
        if not request.url.startswith(here):
            self.note(request.frame.page, f"asks {request.url}")

    def see_response(self, response):
        if response.status >= 400 and response.status not in self.refusals:
            self.note(response.frame.page, f"{response.status} of {response.url}")

    def see_console(self, message):
        is_refusal = "Failed to load resource" in message.text  # see_response judges
        if message.type == "error" and not is_refusal:
            self.note(message.page, message.text)

    def see_width(self, page):
        for trouble in page.evaluate(TOO_WIDE):
            self.note(page, trouble)

    def take(self):
        """Return the troubles since the last time."""
        troubles, self.troubles = self.troubles, []
        return troubles
