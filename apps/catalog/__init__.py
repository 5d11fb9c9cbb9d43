"""Sites and their aliases, procedures, modality and body-part vocabularies."""
