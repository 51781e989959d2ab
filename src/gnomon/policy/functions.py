"""The allow-list of functions: pure computations on the values they are given. Silence is a no.

Left out on purpose: whatever reads files, the network, settings, catalogs, the session or the server;
whatever changes a sequence, a lock or a setting; and whatever makes much out of little,
unless `bombs.py` bounds it.
"""

from gnomon.domain.query import Dialect

_COMMON = """
abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char_length character_length coalesce concat
concat_ws cos cosh cot count cume_dist degrees dense_rank exp first_value floor greatest lag last_value
lead least left length ln log log10 lower ltrim max md5 min mod nth_value ntile nullif octet_length
percent_rank pi pow power radians random rank regexp_replace replace reverse right round row_number
rtrim sign sin sinh sqrt stddev stddev_pop stddev_samp substr substring sum tan tanh trim trunc unnest
upper var_pop var_samp variance
"""
_DUCKDB = """
age ago any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null
arg_min arg_min_null argmax argmin array_agg array_aggr array_aggregate array_append array_apply
array_cat array_concat array_contains array_distance array_distinct array_extract array_filter
array_grade_up array_has array_has_all array_has_any array_indexof array_intersect array_length
array_position array_prepend array_reduce array_reverse array_reverse_sort array_select array_slice
array_sort array_to_json array_to_string array_transform array_unique array_value array_where array_zip
ascii bin bit_and bit_count bit_length bit_or bit_xor bool_and bool_or cardinality cbrt century chr
columns contains corr count_if count_star countif covar_pop covar_samp damerau_levenshtein date_add
date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
dayofweek dayofyear days_in_month decade editdist3 element_at encode ends_with entropy epoch epoch_ms
epoch_ns epoch_us era even factorial favg fdiv filter first flatten fmod format format_bytes from_base64
from_hex from_json fsum gamma gcd generate_series geomean geometric_mean get_current_time
get_current_timestamp greatest_common_divisor group_concat grouping grouping_id hamming hash hex
histogram hour if ifnull instr isfinite isinf isnan isodow isoyear jaccard jaro_similarity
jaro_winkler_similarity json json_array json_array_length json_contains json_each json_exists
json_extract json_extract_path json_extract_path_text json_extract_string json_group_array
json_group_object json_group_structure json_keys json_merge_patch json_object json_quote json_structure
json_transform json_type json_valid json_value julian kahan_sum kurtosis kurtosis_pop last last_day
lcase lcm left_grapheme len levenshtein lgamma list list_aggr list_aggregate list_any_value list_append
list_apply list_avg list_bool_and list_bool_or list_cat list_concat list_contains list_count
list_distinct list_element list_extract list_filter list_first list_has list_has_all list_has_any
list_histogram list_indexof list_intersect list_last list_max list_median list_min list_mode list_pack
list_position list_prepend list_product list_reduce list_reverse list_reverse_sort list_select
list_slice list_sort list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform
list_unique list_value list_var_pop list_var_samp list_where list_zip listagg log2 lpad mad make_date
make_time make_timestamp make_timestamptz map map_concat map_contains map_entries map_extract
map_extract_value map_from_entries map_keys map_values max_by mean median microsecond millennium
millisecond min_by minute mismatches mode month monthname nfc_normalize now ord percentile_cont
percentile_disc position prefix printf
product quantile quantile_cont quantile_disc quarter range regexp_escape regexp_extract
regexp_extract_all regexp_full_match regexp_matches regexp_split_to_array regr_avgx regr_avgy regr_count
regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat reservoir_quantile right_grapheme
round_even row row_to_json rpad second sem sha1 sha256 signbit skewness split split_part starts_with
str_split str_split_regex strftime string_agg string_split string_split_regex string_to_array
strip_accents strlen strpos strptime struct_extract struct_insert struct_pack suffix time_bucket
timezone to_base64 to_centuries to_days to_decades to_hex to_hours to_json to_microseconds
to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today
transaction_timestamp translate try_strptime typeof ucase unhex unicode url_decode url_encode wavg week
weekday weekofyear weighted_avg xor year yearweek
"""
_SQLITE = """
char concat concat_ws date datetime format glob group_concat hex if ifnull iif instr json json_array
json_array_length json_each json_extract json_group_array json_group_object json_insert json_object
json_patch json_quote json_remove json_replace json_set json_tree json_type json_valid julianday like
likelihood likely log2 median percentile percentile_cont percentile_disc printf quote soundex strftime
string_agg time timediff total typeof unicode unixepoch unlikely
"""
_NOT_IN_SQLITE = """
char_length character_length cot greatest least left md5 regexp_replace reverse right stddev stddev_pop
stddev_samp unnest var_pop var_samp variance
"""
"""Of the common names; `warehouses/sqlite/locks.py` allows what is left."""
_POSTGRES = """
age any_value array array_agg array_append array_cat array_dims array_length array_lower array_position
array_positions array_prepend array_remove array_replace array_to_json array_to_string array_upper ascii
bit_and bit_length bit_or bool_and bool_or btrim cardinality cbrt chr clock_timestamp corr covar_pop
covar_samp date date_bin date_part date_trunc decode div encode every extract format gcd generate_series
grouping initcap isfinite json_agg json_array_elements json_array_elements_text json_array_length
json_build_array json_build_object json_each json_each_text json_extract_path json_extract_path_text
json_object json_object_agg json_object_keys json_strip_nulls json_typeof jsonb_agg jsonb_array_elements
jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each
jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_object_keys
jsonb_path_exists jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty
jsonb_strip_nulls jsonb_typeof justify_days justify_hours justify_interval lcm lpad make_date
make_interval make_time make_timestamp make_timestamptz mode now num_nonnulls num_nulls percentile_cont
percentile_disc position quote_literal regexp_count regexp_instr regexp_like regexp_match regexp_matches
regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept
regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat row row_to_json rpad scale sha256 split_part
starts_with statement_timestamp string_agg string_to_array strpos timezone to_char to_date to_json
to_jsonb to_number to_timestamp transaction_timestamp translate trim_scale unaccent width_bucket
"""
ALLOWED_FUNCTIONS: dict[Dialect, frozenset[str]] = {
    "duckdb": frozenset((_COMMON + _DUCKDB).split()),
    "sqlite": frozenset((_COMMON + _SQLITE).split()) - frozenset(_NOT_IN_SQLITE.split()),
    "postgres": frozenset((_COMMON + _POSTGRES).split()),
}
"""Lower-case names a statement may call, an engine."""

TABLE_FUNCTIONS: dict[Dialect, frozenset[str]] = {
    "duckdb": frozenset({"unnest", "range", "generate_series", "json_each"}),
    "sqlite": frozenset({"json_each", "json_tree"}),
    "postgres": frozenset(
        [
            "generate_series",
            "json_array_elements",
            "json_array_elements_text",
            "json_each",
            "json_each_text",
            "json_object_keys",
            "jsonb_array_elements",
            "jsonb_array_elements_text",
            "jsonb_each",
            "jsonb_each_text",
            "jsonb_object_keys",
            "jsonb_path_query",
            "regexp_matches",
            "regexp_split_to_table",
            "string_to_table",
            "unnest",
        ]
    ),
}
"""Lower-case names that may stand where a table stands."""
