/* Side by side timing: our function and the one people would use instead, in one process run.
 *
 * A benchmark is a table of cases. The harness calls `ours` and `theirs` in turn, many rounds with
 * the order swapped each round. It prints the nanoseconds of one operation in the fastest round of
 * each, and theirs / ours: above 1 we are the faster. The fastest round is the one that a busy
 * neighbour on the machine disturbed least; medians go to the file of numbers. A case with a
 * `target` below which the ratio falls is a failure.
 *
 *   static const bench_case cases[] = {
 *       {"parse a Register", parse_ours, parse_libcoap, .target = 5},
 *   };
 *   int main(int argc, char **argv)
 *   {
 *       return bench_main(argc, argv, "coap", "libcoap", cases, sizeof cases / sizeof cases[0]);
 *   }
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>

/* Does the operation n times. Must do real work: hand each result to bench_keep. */
typedef void bench_fn(size_t n);

typedef struct bench_case {
    const char *name;
    bench_fn *ours;
    bench_fn *theirs; /* NULL: nothing to compare with, only our time is printed */
    double target;    /* theirs / ours must reach it; 0: none */
} bench_case;

/* Runs all cases, prints the table. With `--json FILE` writes the numbers there too; `--quick` runs
 * few short rounds, to see that everything works, and judges nobody. Returns the exit status: 0, 1
 * when a target was missed, 2 for wrong usage. */
int bench_main(int argc, char **argv, const char *title, const char *theirs_name,
               const bench_case *cases, size_t count);

/* Makes the compiler believe that the object is used, so that it computes it. */
static inline void bench_keep(const void *object)
{
    __asm__ volatile("" : : "r"(object) : "memory");
}

/* Ends the program with a message: for an operation that failed, whose time would mean nothing. */
#define BENCH_CHECK(cond) ((cond) ? (void)0 : bench_fail(#cond, __FILE__, __LINE__))
_Noreturn void bench_fail(const char *what, const char *file, int line);

#endif
