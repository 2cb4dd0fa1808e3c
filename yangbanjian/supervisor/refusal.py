"""The one expected way in which the engine says no."""


class EngineRefusal(Exception):
    """The engine cannot start or go on; `sentence` says in Chinese what is wrong and what to do.

    `code` is stable and meant for programs. The edge prints the sentence without a traceback.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
