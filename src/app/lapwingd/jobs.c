#include "app/lapwingd/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "store/store.h"

#define WHY_MAX LW_STORE_WHY_MAX

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "lapwingd: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

/* For what the store says, which names the file itself. */
static int fail_with(const char *why)
{
    fprintf(stderr, "lapwingd: %s\n", why);
    return EXIT_FAILURE;
}

static lw_store *open_store(const options *o, bool read_only)
{
    lw_store *store = NULL;
    lw_store_options kept = {.read_only = read_only};
    char why[WHY_MAX];
    if (lw_store_sqlite_open(o->config.data_dir, &kept, &store, why, sizeof why) != LW_OK) {
        fail_with(why);
    }
    return store;
}

/* ---- --check-store ----------------------------------------------------------------------------
 */

static void tell_problem(void *ctx, const char *sentence)
{
    (void)ctx;
    printf("problem: %s\n", sentence);
}

static int check(const options *o)
{
    static const char *const kinds[LW_ROW_KIND_COUNT] = {
        [LW_ROW_DEVICE] = "devices",         [LW_ROW_WISH] = "observations",
        [LW_ROW_REQUEST] = "requests",       [LW_ROW_VALUE] = "recorded values",
        [LW_ROW_CREDENTIAL] = "credentials", [LW_ROW_BOOTSTRAP] = "bootstrap plans",
        [LW_ROW_MODEL] = "models",           [LW_ROW_TOKEN] = "tokens",
        [LW_ROW_SETTING] = "settings"};
    lw_store_census census;
    char why[WHY_MAX];
    if (lw_store_check(o->config.data_dir, tell_problem, NULL, &census, why, sizeof why) != LW_OK) {
        return fail_with(why);
    }
    for (size_t i = 0; i < LW_ROW_KIND_COUNT; i++) {
        printf("%-16s %llu\n", kinds[i], (unsigned long long)census.rows[i]);
    }
    printf("%llu problems\n", (unsigned long long)census.problems);
    return census.problems == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- --export, --import -----------------------------------------------------------------------
 */

/* Its secrets are for its owner alone. */
static FILE *create_file(const char *path)
{
    if (strcmp(path, "-") == 0) {
        return stdout;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd >= 0 ? fdopen(fd, "w") : NULL;
}

static int export_rows(const options *o)
{
    uint64_t rows = 0;
    lw_store *store = open_store(o, true);
    if (store == NULL) {
        return EXIT_FAILURE;
    }
    FILE *out = create_file(o->file);
    lw_err err = out != NULL ? lw_store_export(store, out, &rows) : LW_EIO;
    int why = errno;
    if (out != NULL && (fflush(out) != 0 || (out != stdout && fclose(out) != 0))) {
        why = errno;
        err = LW_EIO;
    }
    store->ops->close(store);
    if (err != LW_OK) {
        return fail(o->file, err == LW_EIO ? strerror(why) : lw_err_text(err));
    }
    fprintf(stderr, "lapwingd: %llu rows written\n", (unsigned long long)rows);
    return EXIT_SUCCESS;
}

static int import_rows(const options *o)
{
    char why[WHY_MAX] = "";
    uint64_t rows = 0;
    FILE *in = fopen(o->file, "re");
    if (in == NULL) {
        return fail(o->file, strerror(errno));
    }
    lw_store *store = open_store(o, false);
    lw_err err = LW_EIO;
    if (store != NULL) {
        err = lw_store_import(store, in, &rows, why, sizeof why);
        store->ops->close(store);
    }
    fclose(in);
    if (err != LW_OK) {
        return store != NULL ? fail(o->file, why) : EXIT_FAILURE;
    }
    fprintf(stderr, "lapwingd: %llu rows read\n", (unsigned long long)rows);
    return EXIT_SUCCESS;
}

/* ---- --backup ---------------------------------------------------------------------------------
 */

static bool tell_progress(void *ctx, uint64_t octets, uint64_t of_octets)
{
    (void)ctx;
    if (isatty(STDERR_FILENO) && of_octets > 0) {
        fprintf(stderr, "\r%3u %%", (unsigned)(octets * 100 / of_octets));
    }
    return true;
}

static int back_up(const options *o)
{
    char why[WHY_MAX] = "";
    lw_store *store = open_store(o, true);
    if (store == NULL) {
        return EXIT_FAILURE;
    }
    lw_err err = lw_store_backup(store, o->file, tell_progress, NULL, why, sizeof why);
    store->ops->close(store);
    if (isatty(STDERR_FILENO)) {
        putc('\n', stderr);
    }
    if (err == LW_OK) {
        return EXIT_SUCCESS;
    }
    return why[0] != '\0' ? fail_with(why) : fail(o->file, lw_err_text(err));
}

/* ---- --admin-token ----------------------------------------------------------------------------
 */

/* For who lost all tokens: the right to write the data directory is right enough. */
static int make_token(const options *o)
{
    char token[LW_API_TOKEN_TEXT_MAX], name[64], why[WHY_MAX] = "";
    time_t now = time(NULL);
    struct tm utc;
    lw_store *store = open_store(o, false);
    if (store == NULL) {
        return EXIT_FAILURE;
    }
    gmtime_r(&now, &utc);
    strftime(name, sizeof name, "admin-%Y%m%dT%H%M%SZ", &utc);
    lw_api_cfg cfg = {.store = store, .version = LAPWING_VERSION};
    lw_api *api = lw_api_new(&cfg, why, sizeof why);
    lw_err err = api != NULL ? lw_api_create_token(api, name, "admin", token) : LW_EIO;
    lw_api_free(api);
    store->ops->close(store);
    if (err != LW_OK) {
        return fail("admin-token", why[0] != '\0' ? why : lw_err_text(err));
    }
    puts(token);
    return EXIT_SUCCESS;
}

int job_run(const options *o)
{
    switch (o->job) {
    case JOB_CHECK_CONFIG:
        puts("the configuration is right");
        return EXIT_SUCCESS;
    case JOB_CHECK_STORE:
        return check(o);
    case JOB_EXPORT:
        return export_rows(o);
    case JOB_IMPORT:
        return import_rows(o);
    case JOB_BACKUP:
        return back_up(o);
    default:
        return make_token(o);
    }
}
