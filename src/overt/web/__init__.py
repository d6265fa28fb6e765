"""The web: the API that programs use (`api`), and the pages that people use (`pages`).

Both stand behind one guard, and neither decides anything of its own: the rooms below do.
"""
