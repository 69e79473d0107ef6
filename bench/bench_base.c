/* The floor everything stands on. There is nothing to compare it with: these numbers are here so
 * that a change that makes them worse is seen.
 */
#include "bench.h"

#include "base/deadline.h"
#include "base/rng.h"
#include "base/utf8.h"

#define ARMED 100000

static void check_utf8(size_t n)
{
    static const char text[] = "Temperaturfühler Kühlraum 3, Regal links, 4 °C Sollwert";
    for (size_t i = 0; i < n; i++) {
        bool valid = lw_utf8_is_valid(lw_bytes_of(text, sizeof text - 1));
        bench_keep(&valid);
    }
}

/* The life of a server's deadlines: each is armed again many times before one is due. */
static void rearm_among_100k(size_t n)
{
    static lw_deadline deadlines[ARMED];
    static lw_deadlines all;
    static lw_rng_seeded seeded;
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    if (all.root == NULL) {
        for (size_t i = 0; i < ARMED; i++) {
            lw_deadline_arm(&all, &deadlines[i], (lw_time)lw_rng_below(&rng, 300000));
        }
    }
    for (size_t i = 0; i < n; i++) {
        lw_deadline *d = &deadlines[lw_rng_below(&rng, ARMED)];
        lw_deadline_arm(&all, d, d->at + 300000);
        bench_keep(d);
    }
}

int main(int argc, char **argv)
{
    static const bench_case cases[] = {
        {.name = "UTF-8 check of 58 octets", .ours = check_utf8},
        {.name = "re-arm one of 100,000 deadlines", .ours = rearm_among_100k},
    };
    return bench_main(argc, argv, "base", "-", cases, sizeof cases / sizeof cases[0]);
}
