#include "codec/times.h"

/* Of a double from 2^53 on, infinity and NaN included. Times beyond are no longer exact, and the
 * year 287396 will have other standards. */
#define LIMIT_EXPONENT (1023u + 53u)

static lw_err add_time(const lw_value *value, lw_time *sum)
{
    double seconds = 0;
    (void)lw_value_to_number(value, &seconds); /* NONE adds nothing */
    union {
        double number;
        uint64_t bits;
    } ms = {seconds * 1000.0};
    if ((ms.bits >> 52 & 0x7ff) >= LIMIT_EXPONENT) {
        return LW_ERANGE;
    }
    *sum += (lw_time)(ms.number + (ms.bits >> 63 != 0 ? -0.5 : 0.5));
    return LW_OK;
}

lw_err lw_entry_time(const lw_entry *entry, lw_time now, lw_time *out_time)
{
    lw_time sum = 0;
    lw_err err = add_time(&entry->base_time, &sum);
    if (err == LW_OK) {
        err = add_time(&entry->time, &sum);
    }
    *out_time = sum >= LW_TIME_ABSOLUTE_FROM_MS ? sum : now + sum;
    return err;
}

/* INTEGER, or FLOAT with a fraction. Through double, which is exact at this size and saves a 64-bit
 * division. */
static void set_seconds(lw_value *out, lw_time ms)
{
    *out = lw_value_float((double)ms / 1000.0);
    lw_err err = lw_value_convert(out, LW_TYPE_INTEGER, out);
    (void)err; /* with a fraction it stays as it is */
}

void lw_entry_set_time(lw_entry *entry, lw_time time, lw_time first)
{
    bool is_absolute = first >= LW_TIME_ABSOLUTE_FROM_MS;
    if (is_absolute) {
        set_seconds(&entry->base_time, first);
        time -= first;
    }
    if (!is_absolute || time != 0) {
        set_seconds(&entry->time, time);
    }
}
