#include "bench.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A round is long against the clock's resolution and short against the scheduler's slices, so that
 * most rounds are undisturbed and the median is one of them. */
#define ROUNDS         41
#define ROUND_NS       4000000
#define QUICK_ROUNDS   3
#define QUICK_ROUND_NS 200000

typedef struct bench_plan {
    int rounds;
    int64_t round_ns;
    bool judges; /* whether a missed target is a failure */
    const char *json_path;
} bench_plan;

typedef struct bench_result {
    double ours_ns, ours_min_ns;     /* median and minimum of one operation */
    double theirs_ns, theirs_min_ns; /* 0 without a comparison */
    double ratio;                    /* of the minima */
} bench_result;

void bench_fail(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    exit(2);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t time_ns(bench_fn *fn, size_t n)
{
    int64_t start = now_ns();
    fn(n);
    return now_ns() - start;
}

/* How often fn fits into one round. */
static size_t calibrate(bench_fn *fn, int64_t round_ns)
{
    size_t n = 1;
    for (;;) {
        int64_t ns = time_ns(fn, n);
        if (ns >= round_ns / 4) {
            double fitting = (double)n * (double)round_ns / (double)ns;
            return fitting < 1 ? 1 : (size_t)fitting;
        }
        n *= 2;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof values[0], compare_doubles);
    return values[count / 2];
}

static bench_result measure(const bench_case *c, const bench_plan *plan)
{
    double ours[ROUNDS];
    double theirs[ROUNDS];
    size_t our_n = calibrate(c->ours, plan->round_ns);
    size_t their_n = c->theirs != NULL ? calibrate(c->theirs, plan->round_ns) : 0;
    for (int i = 0; i < plan->rounds; i++) {
        bool ours_first = i % 2 == 0;
        if (ours_first) {
            ours[i] = (double)time_ns(c->ours, our_n) / (double)our_n;
        }
        if (c->theirs != NULL) {
            theirs[i] = (double)time_ns(c->theirs, their_n) / (double)their_n;
        }
        if (!ours_first) {
            ours[i] = (double)time_ns(c->ours, our_n) / (double)our_n;
        }
    }
    bench_result r = {.ours_ns = median(ours, plan->rounds)};
    r.ours_min_ns = ours[0]; /* sorted now */
    if (c->theirs != NULL) {
        r.theirs_ns = median(theirs, plan->rounds);
        r.theirs_min_ns = theirs[0];
        r.ratio = r.theirs_min_ns / r.ours_min_ns;
    }
    return r;
}

static bool is_missed(const bench_case *c, const bench_result *r)
{
    return c->target > 0 && r->ratio < c->target;
}

static void print_row(const bench_case *c, const bench_result *r)
{
    printf("  %-40s %11.1f", c->name, r->ours_min_ns);
    if (c->theirs == NULL) {
        printf("\n");
        return;
    }
    printf(" %11.1f %8.2fx", r->theirs_min_ns, r->ratio);
    if (c->target > 0) {
        printf("   %6.2fx %s", c->target, is_missed(c, r) ? "MISSED" : "reached");
    }
    printf("\n");
}

static void write_json_case(FILE *f, const bench_case *c, const bench_result *r)
{
    fprintf(f, "    {\"case\": \"%s\", \"ours_ns\": %.2f, \"ours_min_ns\": %.2f", c->name,
            r->ours_ns, r->ours_min_ns);
    if (c->theirs != NULL) {
        fprintf(f, ", \"theirs_ns\": %.2f, \"theirs_min_ns\": %.2f, \"ratio\": %.3f", r->theirs_ns,
                r->theirs_min_ns, r->ratio);
    }
    if (c->target > 0) {
        fprintf(f, ", \"target\": %.2f, \"reached\": %s", c->target,
                is_missed(c, r) ? "false" : "true");
    }
    fprintf(f, "}");
}

static bool write_json(const char *path, const char *title, const char *theirs_name,
                       const bench_case *cases, const bench_result *results, size_t count)
{
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        perror(path);
        return false;
    }
    fprintf(f, "{\n  \"bench\": \"%s\",\n  \"theirs\": \"%s\",\n  \"cases\": [\n", title,
            theirs_name);
    for (size_t i = 0; i < count; i++) {
        write_json_case(f, &cases[i], &results[i]);
        fprintf(f, "%s\n", i + 1 < count ? "," : "");
    }
    fprintf(f, "  ]\n}\n");
    return fclose(f) == 0;
}

static bool parse_args(int argc, char **argv, bench_plan *out_plan)
{
    *out_plan = (bench_plan){.rounds = ROUNDS, .round_ns = ROUND_NS, .judges = true};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            out_plan->rounds = QUICK_ROUNDS;
            out_plan->round_ns = QUICK_ROUND_NS;
            out_plan->judges = false;
        } else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
            out_plan->json_path = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [--quick] [--json FILE]\n", argv[0]);
            return false;
        }
    }
    return true;
}

int bench_main(int argc, char **argv, const char *title, const char *theirs_name,
               const bench_case *cases, size_t count)
{
    bench_plan plan;
    if (!parse_args(argc, argv, &plan)) {
        return 2;
    }
    bench_result *results = calloc(count, sizeof *results);
    BENCH_CHECK(results != NULL);
    int missed = 0;
    printf("%s: ns per operation, ratio above 1: we are faster\n", title);
    printf("  %-40s %11s %11s %9s   %s\n", "case", "ours", theirs_name, "ratio", "target");
    for (size_t i = 0; i < count; i++) {
        results[i] = measure(&cases[i], &plan);
        missed += is_missed(&cases[i], &results[i]);
        print_row(&cases[i], &results[i]);
        fflush(stdout);
    }
    bool written = plan.json_path == NULL ||
                   write_json(plan.json_path, title, theirs_name, cases, results, count);
    free(results);
    if (!written) {
        return 2;
    }
    return missed > 0 && plan.judges ? 1 : 0;
}
