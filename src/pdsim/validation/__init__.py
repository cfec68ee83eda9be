"""Validation: what pdsim predicts for published trials to which it was not fitted, against simple rivals.

``trials`` reads trial files, ``unknown`` holds what a report does not say, ``designs`` makes scenarios of both and
``prediction`` runs them; ``rivals`` are the simpler forecasts, ``forecasts`` puts all of them together, ``scores`` and
``rivalry`` compare them with what was observed, ``power`` says what such trials can tell at all, and ``codes`` how much
the reading of the reports matters. ``result`` puts the steps in order; ``registered`` predicts trials whose results are
not known.

The format of trial files, in short (in full: ``experiments/trials/FORMAT.md``)::

    title, source, kind            required; kind: randomised, quasi-experimental, own baseline, laboratory
    says, choices                  what the report says of the design; how the codes were read
    [setting]                      scenario keys shared by all arms
    [unknown]                      key = [low, high], or a list of words: integrated over, the same in all arms
    [arms.NAME]                    a programme: extends, [programme], [collaboration], [partners], [costs]
    [arms.NAME.unknown]            the same for one arm; the arm "control" is business as usual unless defined
    [[outcomes]]                   name, outcome, arm, against, year, population, role, where, unit, alignment,
                                   observed, se
    [[contrasts]]                  name, greater, than, expected, margin
"""
