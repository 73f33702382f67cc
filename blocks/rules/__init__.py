"""The rules (细则): what the city's fifteen articles ask, as functions and dated numbers.

No Prefect, no SQL, no files, no clock: a rule takes `today`, a calendar and the regulation in
force. `config/articles.yaml` names the function that carries out each article.
"""
