/* The store on SQLite, on the disk of the temporary directory: rows that somebody waits for with
 * group commit, against the same rows with one commit each; rows that nobody waits for; reading.
 *
 * "Many at once" is what a server has: the requests of many operators, the Sends of many devices.
 * What one alone waits for is a single fsync of this disk, whoever asks for it.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "store/store.h"

#define DEVICES 10000u
#define MANY    200u  /* urgent rows at once */
#define BATCH   1000u /* lazy rows, values */

static char dir[256];
static lw_store *store;
static uint64_t next = DEVICES + 1; /* numbers and ids */
static sqlite3 *plain;
static sqlite3_stmt *plain_put;

#define LIT(s) lw_bytes_of((s), sizeof(s) - 1)

static lw_row request_row(uint64_t id)
{
    return (lw_row){.kind = LW_ROW_REQUEST,
                    .as.request = {.id = id,
                                   .endpoint = LIT("urn:dev:os:0023C7-000001"),
                                   .path = LIT("/3/0/9"),
                                   .created_at = 1700000000000,
                                   .expires_at = 1700000093000}};
}

static lw_row device_row(uint64_t number, char endpoint[32])
{
    int len = snprintf(endpoint, 32, "urn:dev:os:0023C7-%06llu", (unsigned long long)number);
    return (lw_row){.kind = LW_ROW_DEVICE,
                    .as.device = {.endpoint = lw_bytes_of(endpoint, (size_t)len),
                                  .number = number,
                                  .is_registered = true,
                                  .location = LIT("5a3f9c"),
                                  .lifetime = 86400,
                                  .registered_at = 1700000000000,
                                  .updated_at = (lw_time)next,
                                  .expires_at = 1700086400000,
                                  .links = LIT("</>;rt=\"oma.lwm2m\";ct=112,</1/0>,</3/0>,</4/0>,"
                                               "</5/0>,</3303/0>,</3304/0>")}};
}

static lw_ticket put(lw_row row, lw_haste haste)
{
    lw_ticket ticket;
    lw_err err = store->ops->put(store, &row, haste, &ticket);
    BENCH_CHECK(err == LW_OK);
    return ticket;
}

static void wait_for(lw_ticket ticket)
{
    BENCH_CHECK(store->ops->wait(store, ticket) == LW_OK);
}

static void urgent_together(size_t n)
{
    while (n-- > 0) {
        lw_ticket ticket = 0;
        for (size_t i = 0; i < MANY; i++) {
            ticket = put(request_row(next++), LW_URGENT);
        }
        wait_for(ticket);
    }
}

static void urgent_alone(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wait_for(put(request_row(next++), LW_URGENT));
    }
}

/* The same columns into the same table, in a file of its own, one commit each. */
static void plain_alone(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sqlite3_bind_int64(plain_put, 1, (sqlite3_int64)next++);
        BENCH_CHECK(sqlite3_step(plain_put) == SQLITE_DONE);
        sqlite3_reset(plain_put);
    }
}

static void plain_many(size_t n)
{
    plain_alone(n * MANY);
}

static void lazy_devices(size_t n)
{
    char endpoint[32];
    while (n-- > 0) {
        for (size_t i = 0; i + 1 < BATCH; i++) {
            (void)put(device_row(next++ * 7919 % DEVICES, endpoint), LW_LAZY);
        }
        wait_for(put(device_row(next++ % DEVICES, endpoint), LW_URGENT));
    }
}

static void record_values(size_t n)
{
    lw_ticket ticket = 0;
    for (size_t i = 0; i < n * BATCH; i++) {
        lw_row row = {.kind = LW_ROW_VALUE,
                      .as.value = {.endpoint = LIT("urn:dev:os:0023C7-000001"),
                                   .path = lw_path_resource(3303, 0, 5700),
                                   .at = (lw_time)next * 1000,
                                   .received_at = (lw_time)next * 1000,
                                   .value = lw_value_float((double)next * 0.25)}};
        next++;
        ticket = put(row, i % BATCH == BATCH - 1 ? LW_URGENT : LW_LAZY);
        if (i % BATCH == BATCH - 1) {
            wait_for(ticket);
        }
    }
}

static bool keep_row(void *ctx, const lw_row *row)
{
    size_t *left = ctx;
    bench_keep(row);
    return --*left > 0;
}

static void get_device(size_t n)
{
    char endpoint[32];
    for (size_t i = 0; i < n; i++) {
        size_t left = 1;
        lw_row key = device_row(i * 7919 % DEVICES, endpoint);
        BENCH_CHECK(store->ops->get(store, &key, keep_row, &left) == LW_OK);
    }
}

static void reload_devices(size_t n)
{
    while (n > 0) {
        size_t left = n;
        BENCH_CHECK(store->ops->each(store, LW_ROW_DEVICE, keep_row, &left) == LW_OK);
        n = left;
    }
}

static void set_up(void)
{
    const char *tmp = getenv("TMPDIR");
    char why[LW_STORE_WHY_MAX], path[300], endpoint[32];
    snprintf(dir, sizeof dir, "%.200s/lw-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
    BENCH_CHECK(mkdtemp(dir) != NULL);
    BENCH_CHECK(lw_store_sqlite_open(dir, NULL, &store, why, sizeof why) == LW_OK);
    for (unsigned i = 0; i < DEVICES; i++) {
        (void)put(device_row(i, endpoint), LW_LAZY);
    }
    wait_for(put(device_row(0, endpoint), LW_URGENT));

    snprintf(path, sizeof path, "%s/plain.db", dir);
    BENCH_CHECK(sqlite3_open(path, &plain) == SQLITE_OK);
    BENCH_CHECK(sqlite3_exec(plain,
                             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             "CREATE TABLE request (id INTEGER PRIMARY KEY, endpoint, path, a, b)",
                             NULL, NULL, NULL) == SQLITE_OK);
    BENCH_CHECK(sqlite3_prepare_v2(plain,
                                   "INSERT INTO request VALUES (?1, 'urn:dev:os:0023C7-000001',"
                                   " '/3/0/9', 1700000000000, 1700000093000)",
                                   -1, &plain_put, NULL) == SQLITE_OK);
}

static void tear_down(void)
{
    static const char *const names[] = {"lapwing.db", "lapwing.lock", "plain.db", "plain.db-wal",
                                        "plain.db-shm"};
    sqlite3_finalize(plain_put);
    sqlite3_close(plain);
    store->ops->close(store);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

int main(int argc, char **argv)
{
    static const bench_case cases[] = {
        {"200 urgent rows at once", urgent_together, plain_many, 5},
        {"an urgent row, one after the other", urgent_alone, plain_alone, 0},
        {"1000 lazy devices of 10000, replaced", lazy_devices, NULL, 0},
        {"1000 recorded values", record_values, NULL, 0},
        {"a device by its endpoint", get_device, NULL, 0},
        {"a device when all are read", reload_devices, NULL, 0},
    };
    set_up();
    int status =
        bench_main(argc, argv, "store", "one commit each", cases, sizeof cases / sizeof cases[0]);
    tear_down();
    return status;
}
