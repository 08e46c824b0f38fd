"""What Meta's channels share: the signed hook, the Graph API and, for Messenger and Instagram, the events of an inbox.

No channel by itself: connectors/whatsapp, connectors/messenger and connectors/instagram are made of it.
"""
