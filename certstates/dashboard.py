"""The admin as a whole: its names, and its first page.

It stands outside the package ``admin``, which registers itself with it.
"""

from django.contrib import admin


class CertstatesAdminSite(admin.AdminSite):
    site_header = "certstates"
    site_title = "certstates"
    index_title = "Device certificates"
    enable_nav_sidebar = False  # the width is for the list
