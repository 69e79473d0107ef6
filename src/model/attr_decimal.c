/* A file of its own, so that naming it is what links floating-point numbers and their text. */
#include "base/num.h"
#include "model/attr.h"

static lw_err parse_decimal(lw_bytes text, double *out_number)
{
    lw_value value;
    lw_err err = lw_num_parse_value(text, &value);
    if (err == LW_OK) {
        (void)lw_value_to_number(&value, out_number);
    }
    return err;
}

static void write_decimal(lw_writer *w, double number)
{
    char text[LW_NUM_TEXT_MAX];
    size_t len = lw_num_format_double(number, false, LW_NUM_PLAIN, text);
    lw_write_bytes(w, lw_bytes_of(text, len));
}

static bool has(const lw_attrs *attrs, lw_attr attr)
{
    return (attrs->has & LW_ATTR_BIT(attr)) != 0;
}

/* ATT-20, ATT-23. What is absent is zero. */
static bool fit(const lw_attrs *a)
{
    bool both = has(a, LW_ATTR_LT) && has(a, LW_ATTR_GT);
    return (!has(a, LW_ATTR_ST) || a->st > 0) && (!both || a->lt + 2 * a->st < a->gt);
}

/* Beyond which thresholds a number is: a set of gt and lt. */
static unsigned beyond(const lw_attrs *a, double number)
{
    unsigned over = number > a->gt ? LW_ATTR_BIT(LW_ATTR_GT) : 0;
    unsigned under = number < a->lt ? LW_ATTR_BIT(LW_ATTR_LT) : 0;
    return (over | under) & a->has;
}

/* ATT-33 */
static bool steps(const lw_attrs *a, double last, double now)
{
    double step = now - last;
    return has(a, LW_ATTR_ST) && (step >= a->st || -step >= a->st);
}

/* ATT-32, P-OBS-03: in both directions, though the examples of the specification know but one. */
static bool is_met(const lw_attrs *a, double last, double now)
{
    return beyond(a, last) != beyond(a, now) || steps(a, last, now);
}

static bool is_met_one_way(const lw_attrs *a, double last, double now)
{
    return (beyond(a, now) & ~beyond(a, last)) != 0 || steps(a, last, now);
}

const lw_attr_decimal lw_attr_decimal_text = {
    .parse = parse_decimal, .write = write_decimal, .fit = fit, .is_met = is_met};
const lw_attr_decimal lw_attr_decimal_one_way = {
    .parse = parse_decimal, .write = write_decimal, .fit = fit, .is_met = is_met_one_way};
