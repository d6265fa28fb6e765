"""What people are shown of a run: one alert's picture, a blurred video, a one-page summary.

Nothing here decides or counts anything. A person who is not part of an alert is obscured in
every picture, and no score is ever shown as a probability.
"""
