"""Buttons of the form that show it again and save nothing."""

from django.http import HttpRequest

ADD_ROW, REMOVE_ROW, ASK, EDIT = "_add_condition", "_remove_condition", "_preview", "_edit"


def only_asks(request: HttpRequest) -> bool:
    """Whether one of them was pressed."""
    return bool({ADD_ROW, REMOVE_ROW, ASK, EDIT} & request.POST.keys())


def change_rows(request: HttpRequest) -> None:
    """Without JavaScript, a button adds or removes a row of the further conditions."""
    name, data = "more_conditions", request.POST.copy()
    if ADD_ROW in data:
        taken = [key.split("-")[1] for key in data if key.startswith(f"{name}-") and key.endswith("-metric")]
        data[f"{name}-{max(map(int, filter(str.isdecimal, taken)), default=-1) + 1}-metric"] = ""
    elif REMOVE_ROW in data:
        prefix = f"{name}-{data[REMOVE_ROW]}-"
        for key in [key for key in data if key.startswith(prefix)]:
            del data[key]
    else:
        return
    request.POST = data  # type: ignore[assignment]
