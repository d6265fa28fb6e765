"""From pixels to templates: model packs, detection, tracking, quality and features."""
