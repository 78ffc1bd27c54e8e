"""Real delays: 99 people with systemic lupus erythematosus, Merrell & Shulman 1955, as lifelines ships them."""

import numpy as np
import pandas as pd

SOURCE = (
    "Merrell M, Shulman LE 1955, Determination of prognosis in chronic disease, illustrated by systemic lupus "
    "erythematosus, J Chronic Dis 1:12-32, as shipped in lifelines, whose author transcribed it by hand and warns "
    "of differences. Everyone in it was diagnosed: it can show no one who waited in vain. All dates are months; the "
    "onset is the month of diagnosis minus the recorded months."
)


def lupus_table() -> pd.DataFrame:
    """The 99 people in the form of a user's file: one column per milestone, months as texts.

    Columns person, age (at diagnosis, years; one missing), sex, first_symptom, diagnosis, last_seen, death and white.
    The months of diagnosis and last observation are used; the recorded years between them are not, and `attrs["source"]`
    says in how many rows they disagree by more than a month.
    """
    from lifelines.datasets import load_lupus

    people = load_lupus()
    onset_months = people["time_elapsed_between_estimated_onset_and_diagnosis_(months)"].to_numpy()
    diagnosis = _months(people["year_month_of_diagnosis"])
    last = _months(people["year_month_of_last_observation"])
    written = np.datetime_as_string(last)
    table = pd.DataFrame(
        {
            "person": people.index.astype(str),
            "age": people["age_at_diagnosis"].to_numpy(),
            "sex": np.where(people["is_male"], "male", "female"),
            "first_symptom": np.datetime_as_string(diagnosis - onset_months.astype("timedelta64[M]")),
            "diagnosis": np.datetime_as_string(diagnosis),
            "last_seen": written,
            "death": pd.Series(written, dtype="object").where(people["dead"].to_numpy(dtype=bool)),
            "white": people["is_white"].to_numpy(),
        }
    )
    recorded = people["time_between_diagnosis_and_last_observation_(years)"].to_numpy()
    disagree = int((np.abs((last - diagnosis).astype(float) - 12 * recorded) > 1).sum())
    rows = "row" if disagree == 1 else "rows"
    table.attrs["source"] = f"{SOURCE} In {disagree} {rows} the recorded years of follow-up contradict the two months."
    return table


def _months(texts: pd.Series) -> np.ndarray:
    return texts.to_numpy(dtype=str).astype("datetime64[M]")
