/* The directory, its lock and its file, and the operations over them. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_priv.h"

#define DATABASE "lapwing.db"
#define LOCK     "lapwing.lock"

/* A whole look at a large file takes minutes: at start there is time for this much of it. */
#define CHECK_MS 2000

#define TIDY_MS  10000
#define RETRY_MS 1000

/* Where a sentence goes, and the directory it is about. */
typedef struct report {
    const char *dir;
    char *why;
    size_t size;
} report;

__attribute__((format(printf, 3, 4))) static lw_err fail(const report *r, lw_err err,
                                                         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (r->size > 0) {
        vsnprintf(r->why, r->size, format, args);
    }
    va_end(args);
    return err;
}

lw_sqlite *lw_sqlite_of(lw_store *store)
{
    return LW_CONTAINER(store, lw_sqlite, store);
}

lw_time lw_sqlite_clock(const lw_sqlite *s)
{
    if (s->options.clock != NULL) {
        return s->options.clock(s->options.clock_ctx);
    }
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (lw_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- Connections for reading ---- */

lw_db *lw_sqlite_borrow(lw_sqlite *s, lw_err *out_err)
{
    *out_err = LW_OK;
    if (s->options.read_only) {
        pthread_mutex_lock(&s->snapshot_lock);
        return &s->snapshot;
    }
    lw_db *db = NULL;
    pthread_mutex_lock(&s->readers_lock);
    if (s->idle_count > 0) {
        db = s->idle[--s->idle_count];
    }
    pthread_mutex_unlock(&s->readers_lock);
    if (db != NULL) {
        return db;
    }
    const char *why;
    db = malloc(sizeof *db);
    *out_err = db != NULL ? lw_db_open(db, s->path, LW_DB_READ, s->options.vfs, &why) : LW_ENOMEM;
    if (*out_err != LW_OK) {
        free(db);
        return NULL;
    }
    return db;
}

void lw_sqlite_release(lw_sqlite *s, lw_db *db)
{
    if (s->options.read_only) {
        pthread_mutex_unlock(&s->snapshot_lock);
        return;
    }
    pthread_mutex_lock(&s->readers_lock);
    bool is_kept = s->idle_count < LW_READERS_KEPT;
    if (is_kept) {
        s->idle[s->idle_count++] = db;
    }
    pthread_mutex_unlock(&s->readers_lock);
    if (!is_kept) {
        lw_db_close(db);
        free(db);
    }
}

/* ---- Operations ---- */

static lw_err change(lw_store *store, const lw_row *row, bool removal, lw_haste haste,
                     lw_ticket *out_ticket)
{
    lw_sqlite *s = lw_sqlite_of(store);
    lw_change *c;
    if (s->group == NULL) {
        return LW_EDENIED;
    }
    lw_err err = lw_change_new(row, removal, haste, &c);
    if (err != LW_OK) {
        return err;
    }
    err = lw_group_take(s->group, c, out_ticket);
    if (err != LW_OK) {
        free(c);
    }
    return err;
}

static lw_err put(lw_store *store, const lw_row *row, lw_haste haste, lw_ticket *out_ticket)
{
    return change(store, row, false, haste, out_ticket);
}

static lw_err take_away(lw_store *store, const lw_row *key, lw_haste haste, lw_ticket *out_ticket)
{
    return change(store, key, true, haste, out_ticket);
}

static lw_err wait_for(lw_store *store, lw_ticket ticket)
{
    lw_sqlite *s = lw_sqlite_of(store);
    return s->group != NULL ? lw_group_wait(s->group, ticket) : LW_EDENIED;
}

static uint64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static lw_store_health health(lw_store *store)
{
    lw_sqlite *s = lw_sqlite_of(store);
    lw_store_health h = {.why = ""};
    if (s->group != NULL) {
        h = lw_group_health(s->group);
    }
    h.octets = size_of(s->path) + size_of(s->journal_path);
    return h;
}

/* Also what was opened half. */
static void close_store(lw_store *store)
{
    lw_sqlite *s = lw_sqlite_of(store);
    if (s->group != NULL) {
        lw_group_stop(s->group);
    }
    for (size_t i = 0; i < s->idle_count; i++) {
        lw_db_close(s->idle[i]);
        free(s->idle[i]);
    }
    lw_db_close(&s->snapshot);
    lw_db_close(&s->writer); /* the last one copies the journal back and removes it */
    if (s->lock >= 0) {
        close(s->lock);
    }
    pthread_mutex_destroy(&s->readers_lock);
    pthread_mutex_destroy(&s->snapshot_lock);
    free(s->journal_path);
    free(s->path);
    free(s);
}

static const lw_store_ops sqlite_ops = {
    .put = put,
    .remove = take_away,
    .wait = wait_for,
    .each = lw_sqlite_each,
    .documents = lw_sqlite_documents,
    .get = lw_sqlite_get,
    .requests = lw_sqlite_requests,
    .values = lw_sqlite_values,
    .highest = lw_sqlite_highest,
    .health = health,
    .close = close_store,
};

/* ---- Opening ---- */

static char *join(const char *dir, const char *name)
{
    size_t size = strlen(dir) + 1 + strlen(name) + 1;
    char *path = malloc(size);
    if (path != NULL) {
        snprintf(path, size, "%s/%s", dir, name);
    }
    return path;
}

static lw_sqlite *new_store(const char *dir, const lw_store_options *options)
{
    lw_sqlite *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->store.ops = &sqlite_ops;
    s->lock = -1;
    s->options = options != NULL ? *options : (lw_store_options){0};
    if (s->options.waiting_max == 0) {
        s->options.waiting_max = LW_STORE_WAITING_MAX;
    }
    if (s->options.tidy_ms == 0) {
        s->options.tidy_ms = TIDY_MS;
    }
    if (s->options.retry_ms == 0) {
        s->options.retry_ms = RETRY_MS;
    }
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&s->snapshot_lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    pthread_mutex_init(&s->readers_lock, NULL);
    s->path = join(dir, DATABASE);
    s->journal_path = join(dir, DATABASE "-wal");
    if (s->path == NULL || s->journal_path == NULL) {
        close_store(&s->store);
        return NULL;
    }
    return s;
}

/* One server at a time. The lock ends with the process, however that ends; the file stays. */
static lw_err take_lock(lw_sqlite *s, const report *r)
{
    char pid[32] = "";
    if (mkdir(r->dir, 0700) != 0 && errno != EEXIST) {
        return fail(r, LW_EIO, "%s: the directory cannot be made: %s", r->dir, strerror(errno));
    }
    char *path = join(r->dir, LOCK);
    if (path == NULL) {
        return fail(r, LW_ENOMEM, "out of memory");
    }
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int error = errno;
    free(path);
    if (s->lock < 0) {
        return fail(r, LW_EIO, "%s: the directory cannot be written: %s", r->dir, strerror(error));
    }
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        ssize_t len = pread(s->lock, pid, sizeof pid - 1, 0);
        pid[len > 0 ? len : 0] = '\0';
        return fail(r, LW_ESTATE, "%s: another lapwingd has it open, process %.*s", r->dir,
                    (int)strcspn(pid, "\n"), pid);
    }
    int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(s->lock, 0) != 0 || pwrite(s->lock, pid, (size_t)len, 0) != len) {
        return fail(r, LW_EIO, "%s: " LOCK " cannot be written: %s", r->dir, strerror(errno));
    }
    return LW_OK;
}

static lw_err explain(const report *r, lw_db *db, lw_err err)
{
    const char *why;
    if (err == LW_ENOTSUP) {
        return fail(r, err, "%s: " DATABASE " is of a newer Lapwing, or of another program",
                    r->dir);
    }
    (void)lw_db_explain(sqlite3_extended_errcode(db->sq), &why);
    return fail(r, err, "%s: " DATABASE ": %s", r->dir, why);
}

/* An empty store under another name, which becomes the store's when it is complete: a file of that
 * name which is empty or has no tables was complete once, and is never taken for a new one. */
static lw_err create(lw_sqlite *s, const report *r)
{
    const char *why;
    lw_db db;
    char *path = join(r->dir, DATABASE ".new");
    if (path == NULL) {
        return fail(r, LW_ENOMEM, "out of memory");
    }
    unlink(path); /* of an attempt that was interrupted */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* the journals get the same rights */
    if (fd >= 0) {
        close(fd);
    }
    lw_err err = lw_db_open(&db, path, LW_DB_WRITE, s->options.vfs, &why);
    if (err != LW_OK) {
        free(path);
        return fail(r, err, "%s: " DATABASE ": %s", r->dir, why);
    }
    err = lw_db_run(&db, "PRAGMA auto_vacuum = INCREMENTAL");
    if (err == LW_OK) {
        err = lw_schema_migrate(&db, &lw_store_schema);
    }
    if (err != LW_OK) {
        err = explain(r, &db, err);
    }
    lw_db_close(&db);
    if (err == LW_OK && rename(path, s->path) != 0) {
        err = fail(r, LW_EIO, "%s: " DATABASE ": %s", r->dir, strerror(errno));
    }
    free(path);
    int dir = err == LW_OK ? open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (err == LW_OK && (dir < 0 || fsync(dir) != 0)) {
        err = fail(r, LW_EIO, "%s: the directory cannot be written: %s", r->dir, strerror(errno));
    }
    if (dir >= 0) {
        close(dir);
    }
    return err;
}

static int is_time_up(void *ctx)
{
    return lw_group_now() > *(const lw_time *)ctx;
}

/* Looks over the structure of the file, as far as the time allows. */
static lw_err look_over(lw_db *db, const report *r)
{
    lw_time end = lw_group_now() + CHECK_MS;
    sqlite3_stmt *statement = NULL;
    lw_err err = LW_OK;
    sqlite3_progress_handler(db->sq, 10000, is_time_up, &end);
    int code = sqlite3_prepare_v2(db->sq, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (text != NULL && strcmp(text, "ok") != 0) {
        err = fail(r, LW_EFORMAT, "%s: " DATABASE " is damaged: %s", r->dir, text);
    } else if (code != SQLITE_ROW && code != SQLITE_INTERRUPT) {
        const char *why;
        err = lw_db_explain(code, &why);
        err = fail(r, err, "%s: " DATABASE ": %s", r->dir, why);
    }
    sqlite3_finalize(statement);
    sqlite3_progress_handler(db->sq, 0, NULL, NULL);
    return err;
}

/* Says so where the file system cannot have it (no shared memory). */
static lw_err use_journal(lw_db *db, const report *r)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->sq, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    bool is_used = code == SQLITE_ROW && lw_bytes_is(lw_column_octets(statement, 0), "wal");
    sqlite3_finalize(statement);
    if (code == SQLITE_ROW) {
        return is_used ? LW_OK
                       : fail(r, LW_EIO, "%s: the file system has no journals in memory", r->dir);
    }
    const char *why;
    lw_err err = lw_db_explain(code, &why);
    return fail(r, err, "%s: " DATABASE ": %s", r->dir, why);
}

static int note_journal(void *ctx, sqlite3 *sq, const char *name, int pages)
{
    lw_sqlite *s = ctx;
    (void)sq;
    (void)name;
    s->journal_pages = pages;
    return SQLITE_OK;
}

static lw_err open_file(lw_sqlite *s, const report *r)
{
    const char *why;
    bool is_missing = access(s->path, F_OK) != 0 && errno == ENOENT;
    if (is_missing && size_of(s->journal_path) > 0) {
        return fail(r, LW_EFORMAT, "%s: " DATABASE " is missing, and its journal is there", r->dir);
    }
    lw_err err = is_missing ? create(s, r) : LW_OK;
    if (err != LW_OK) {
        return err;
    }
    if (size_of(s->path) == 0) {
        return fail(r, LW_EFORMAT, "%s: " DATABASE " is empty, which it never was", r->dir);
    }
    err = lw_db_open(&s->writer, s->path, LW_DB_WRITE, s->options.vfs, &why);
    if (err != LW_OK) {
        return fail(r, err, "%s: " DATABASE ": %s", r->dir, why);
    }
    err = lw_schema_migrate(&s->writer, &lw_store_schema);
    if (err != LW_OK) {
        return explain(r, &s->writer, err);
    }
    err = look_over(&s->writer, r);
    if (err == LW_OK) {
        err = use_journal(&s->writer, r);
    }
    if (err != LW_OK) {
        return err;
    }
    sqlite3_wal_hook(s->writer.sq, note_journal, s);
    /* Written to at once: a file that may only be read is met here, not by the first device. */
    err = lw_sqlite_load_marks(s);
    if (err != LW_OK) {
        return explain(r, &s->writer, err);
    }
    err = lw_sqlite_commit(s, NULL, &why);
    return err == LW_OK ? LW_OK : fail(r, err, "%s: " DATABASE ": %s", r->dir, why);
}

/* A store to look at: one transaction that shows this moment. */
static lw_err open_snapshot(lw_sqlite *s, const report *r)
{
    const char *why;
    int64_t version = 0;
    if (access(s->path, F_OK) != 0) {
        return fail(r, LW_ENOTFOUND, "%s: no store is there (" DATABASE ")", r->dir);
    }
    lw_err err = lw_db_open(&s->snapshot, s->path, LW_DB_READ, s->options.vfs, &why);
    if (err != LW_OK) {
        return fail(r, err, "%s: " DATABASE ": %s", r->dir, why);
    }
    err = lw_db_run(&s->snapshot, "BEGIN");
    if (err == LW_OK) {
        err = lw_db_number(&s->snapshot, "PRAGMA user_version", &version);
    }
    if (err == LW_OK) {
        err = lw_db_number(&s->snapshot, "SELECT count(*) FROM mark", &(int64_t){0});
    }
    if (err != LW_OK) {
        return explain(r, &s->snapshot, err);
    }
    if (version != (int64_t)lw_store_schema.count) {
        return fail(r, LW_ENOTSUP, "%s: " DATABASE " is of another version of Lapwing", r->dir);
    }
    return LW_OK;
}

static lw_err open_all(lw_sqlite *s, const report *r)
{
    if (s->options.read_only) {
        return open_snapshot(s, r);
    }
    lw_err err = take_lock(s, r);
    if (err == LW_OK) {
        err = open_file(s, r);
    }
    if (err != LW_OK) {
        return err;
    }
    lw_group_config config = {.store = &s->store,
                              .waiting_max = s->options.waiting_max,
                              .retry_ms = s->options.retry_ms,
                              .tidy_ms = s->options.tidy_ms,
                              .ctx = s,
                              .commit = lw_sqlite_commit,
                              .tidy = lw_sqlite_tidy};
    err = lw_group_start(&config, &s->group);
    return err == LW_OK ? LW_OK : fail(r, err, "there is no thread for the store");
}

lw_err lw_store_sqlite_open(const char *dir, const lw_store_options *options, lw_store **out_store,
                            char *why, size_t why_len)
{
    report r = {dir, why, why_len};
    if (why_len > 0) {
        why[0] = '\0';
    }
    lw_sqlite *s = new_store(dir, options);
    if (s == NULL) {
        return fail(&r, LW_ENOMEM, "out of memory");
    }
    lw_err err = open_all(s, &r);
    if (err != LW_OK) {
        close_store(&s->store);
        return err;
    }
    *out_store = &s->store;
    return LW_OK;
}
