"""The pages that people use: server-rendered, signed in by a cookie, every act a plain form.

Each page asks the rooms below for what it shows and hands them what was filled in; scripts of
our own add what happens meanwhile. A page's module is named after what it is for.
"""
