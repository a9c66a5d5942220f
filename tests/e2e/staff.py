"""Staff in a browser: who they are, and how they sign in."""

from playwright.sync_api import expect

LIST = "/admin/certstates/managedalldevicecertificatestate/"


def sign_in(page, password, *, name="admin"):
    page.goto("/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#user-tools")).to_contain_text(name)
