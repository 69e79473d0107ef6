/* The process is killed at any moment: every change whose commit was told is there afterwards, and
 * no row is half of one and half of another.
 *
 * A child changes rows and says, through a pipe, what it is about to change and what was told to be
 * durable. The parent kills it, reads what was said, and looks. */
#include "store/sqlite_rig_test.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/rng.h"

#define KILLS   150
#define DEVICES 40u
#define WINDOW  6u /* changes that are under way at once */
#define SEED    4242

typedef struct said {
    uint32_t device;
    uint32_t version; /* 0: removed */
    uint32_t durable; /* 0: about to be put; 1: told */
} said;

/* All of the row follows from its device and its version. */
static lw_row row_of(uint32_t device, uint32_t version, char endpoint[16], char links[512])
{
    snprintf(endpoint, 16, "dev-%u", (unsigned)device);
    memset(links, (int)('a' + version % 26), 511);
    links[100 + version % 400] = '\0';
    lw_row row = device_row(endpoint, version);
    row.as.device.seen_at = version;
    row.as.device.expires_at = (lw_time)version * 3;
    row.as.device.links = lw_bytes_str(links);
    return row;
}

/* ---- The child: no assertions, its end is violent anyway ---- */

static void say(int pipe, said s)
{
    if (write(pipe, &s, sizeof s) != (ssize_t)sizeof s) {
        _exit(2);
    }
}

_Noreturn static void live(int pipe, uint32_t version, uint64_t seed)
{
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, seed);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    lw_store *store;
    char why[LW_STORE_WHY_MAX];
    if (lw_store_sqlite_open(rig_dir, NULL, &store, why, sizeof why) != LW_OK) {
        _exit(1);
    }
    for (;;) {
        said window[WINDOW];
        lw_ticket ticket = 0;
        uint32_t first = lw_rng_below(&rng, DEVICES);
        for (uint32_t i = 0; i < WINDOW; i++) {
            char endpoint[16], links[512];
            bool removal = lw_rng_below(&rng, 5) == 0;
            said s = {(first + i) % DEVICES, removal ? 0 : ++version, 0};
            lw_row row = row_of(s.device, s.version, endpoint, links);
            lw_haste haste = i + 1 < WINDOW && lw_rng_below(&rng, 3) == 0 ? LW_LAZY : LW_URGENT;
            say(pipe, s);
            lw_err err = removal ? store->ops->remove(store, &row, haste, &ticket)
                                 : store->ops->put(store, &row, haste, &ticket);
            if (err != LW_OK) {
                _exit(3);
            }
            window[i] = s;
        }
        if (store->ops->wait(store, ticket) != LW_OK) {
            _exit(4);
        }
        for (uint32_t i = 0; i < WINDOW; i++) {
            window[i].durable = 1;
            say(pipe, window[i]);
        }
    }
}

/* ---- The parent ---- */

typedef struct known {
    uint32_t version; /* that was told last; 0: none */
    uint32_t open;    /* put after that and not told, which may be there as well */
    bool has_open;
} known;

typedef struct tally {
    unsigned told, killed_under_way;
} tally;

static void listen_to(int pipe, known all[DEVICES], tally *t)
{
    said s;
    while (read(pipe, &s, sizeof s) == (ssize_t)sizeof s) {
        known *k = &all[s.device];
        if (s.durable) {
            k->version = s.version;
            k->has_open = false;
            t->told++;
        } else {
            k->open = s.version;
            k->has_open = true;
        }
    }
}

/* What is there of a device: 0, or its version, with every octet as it must be. */
static uint32_t found_version(lw_store *store, uint32_t device)
{
    char endpoint[16], links[512];
    basket b = {0};
    lw_row key = row_of(device, 1, endpoint, links);
    if (store->ops->get(store, &key, basket_take, &b) != LW_OK) {
        return 0;
    }
    uint32_t version = (uint32_t)b.rows[0]->as.device.number;
    lw_row expected = row_of(device, version, endpoint, links);
    assert_same_row(b.rows[0], &expected);
    basket_empty(&b);
    return version;
}

static uint32_t look(known all[DEVICES], tally *t)
{
    uint32_t newest = 0;
    lw_store *store = rig_open(NULL);
    for (uint32_t device = 0; device < DEVICES; device++) {
        known *k = &all[device];
        uint32_t found = found_version(store, device);
        if (found != k->version && !(k->has_open && found == k->open)) {
            fail_msg("device %u: version %u was told, %u is there (seed %d)", (unsigned)device,
                     (unsigned)k->version, (unsigned)found, SEED);
        }
        t->killed_under_way += k->has_open ? 1u : 0u;
        *k = (known){.version = found};
        newest = found > newest ? found : newest;
    }
    rig_close(store);
    return newest;
}

LW_TEST(whenever_it_is_killed_all_that_was_told_is_there)
{
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, SEED);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    known all[DEVICES] = {{0, 0, false}};
    tally t = {0, 0};
    uint32_t version = 0;
    rig_make_dir();
    for (unsigned i = 0; i < KILLS; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            live(ends[1], version + 1000, SEED + i);
        }
        close(ends[1]);
        usleep(500 + lw_rng_below(&rng, 40000));
        assert_int_equal(kill(child, SIGKILL), 0);
        listen_to(ends[0], all, &t);
        close(ends[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        uint32_t newest = look(all, &t);
        version = newest > version ? newest : version + 1000;
    }
    rig_remove_dir();
    print_message("%d kills, %u changes told and there, %u under way when it was killed\n", KILLS,
                  t.told, t.killed_under_way);
    assert_true(t.told > KILLS && t.killed_under_way > KILLS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whenever_it_is_killed_all_that_was_told_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
