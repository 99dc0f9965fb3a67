"""What people read, in their languages: gettext catalogues, with the English text as each message's name."""
