"""Turn a reading into SQL: an expression tree in, text in the engine's dialect out."""

from sqlglot import exp

from gnomon.models.grounded.derived import compared, nested, quotient, ranked, trend, with_earlier
from gnomon.models.grounded.kin_statement import KinStatement
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.statement import Statement


def write_sql(reading: Reading, schema: Schema) -> str:
    """The reading as one formatted SELECT in the dialect of the context.

    Raises:
        NotRead: The reading cannot be said in this dialect or over these columns.
    """
    return _tree(reading, schema).sql(dialect=schema.context.dialect, copy=False, pretty=True, identify=False)


def _tree(reading: Reading, schema: Schema) -> exp.Select:
    if reading.kin is not None:
        return KinStatement(reading, schema, reading.kin).plain()
    if reading.trend is not None:
        return trend(Statement(with_earlier(reading), schema), reading)
    if reading.compared is not None and reading.compared.ratio is not None:
        return quotient(reading, schema)
    statement = Statement(reading, schema)
    if reading.outer is not None:
        return nested(statement, reading.outer)
    if reading.compared is not None:
        return compared(statement, reading.compared)
    if reading.within is not None or reading.place is not None:
        return ranked(statement)
    return statement.plain()
