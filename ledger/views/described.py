"""An action that is described, not rehearsed: its service takes a lock for which every posting waits, and a look must not.

    class PeriodClose(Described):
        def refusal(self, form): return refusal_to_close(self.object)      # asked without the lock
        def describe(self, form): return Preview(...)                      # the same before the action and after it
        def act(self, form): close_period(self.object, actor=self.request.user)

What is confirmed is described once more after the action, under its lock: where that is not what was seen, nothing is done.
"""

from typing import Any

from pages.preview import Preview
from pages.refusals import Refused
from pages.views import ActionPage


class Described(ActionPage):
    def refusal(self, form: Any) -> Refused | None:
        raise NotImplementedError

    def describe(self, form: Any) -> Preview:
        raise NotImplementedError

    def act(self, form: Any) -> None:
        raise NotImplementedError

    def rehearsed(self, form: Any) -> dict[str, Any]:
        refusal = self.refusal(form)
        return {"refused": refusal} if refusal else {"preview": self.describe(form)}

    def run(self, form: Any) -> Preview:
        self.act(form)
        return self.describe(form)
