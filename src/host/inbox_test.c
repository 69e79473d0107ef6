#include "host/inbox.h"

#include <pthread.h>
#include <string.h>

#include "base/list.h"
#include "testing/lw_test.h"

typedef struct note {
    lw_task task;
    char letter;
    char *said;    /* where it is written */
    lw_loop *stop; /* stops this loop when it runs */
} note;

static void write_down(lw_task *task)
{
    note *n = LW_CONTAINER(task, note, task);
    size_t end = strlen(n->said);
    n->said[end] = n->letter;
    n->said[end + 1] = '\0';
    if (n->stop != NULL) {
        lw_loop_stop(n->stop);
    }
}

static void count_up(void *ctx)
{
    (*(int *)ctx)++;
}

LW_TEST(tasks_run_in_order_and_what_follows_them_runs_once)
{
    lw_loop *loop = lw_loop_new();
    int ran = 0;
    lw_inbox *inbox = lw_inbox_new(loop, 0, count_up, &ran);
    char said[8] = "";
    note notes[3] = {{{NULL, write_down}, 'a', said, NULL},
                     {{NULL, write_down}, 'b', said, NULL},
                     {{NULL, write_down}, 'c', said, loop}};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(lw_inbox_post(inbox, &notes[i].task));
    }
    assert_string_equal(said, "");
    lw_loop_run(loop);
    assert_string_equal(said, "abc");
    assert_int_equal(ran, 1);
    lw_inbox_free(inbox);
    lw_loop_free(loop);
}

LW_TEST(a_full_inbox_refuses)
{
    lw_loop *loop = lw_loop_new();
    lw_inbox *inbox = lw_inbox_new(loop, 2, NULL, NULL);
    char said[8] = "";
    note notes[3] = {{{NULL, write_down}, 'a', said, NULL},
                     {{NULL, write_down}, 'b', said, NULL},
                     {{NULL, write_down}, 'c', said, NULL}};
    assert_ok(lw_inbox_post(inbox, &notes[0].task));
    assert_ok(lw_inbox_post(inbox, &notes[1].task));
    assert_err(lw_inbox_post(inbox, &notes[2].task), LW_ENOMEM);
    lw_inbox_close(inbox);
    lw_inbox_free(inbox);
    lw_loop_free(loop);
}

LW_TEST(closing_runs_what_waits_and_refuses_what_comes)
{
    lw_loop *loop = lw_loop_new();
    lw_inbox *inbox = lw_inbox_new(loop, 0, NULL, NULL);
    char said[8] = "";
    note notes[2] = {{{NULL, write_down}, 'a', said, NULL}, {{NULL, write_down}, 'b', said, NULL}};
    assert_ok(lw_inbox_post(inbox, &notes[0].task));
    lw_inbox_close(inbox);
    assert_string_equal(said, "a");
    assert_err(lw_inbox_post(inbox, &notes[1].task), LW_ESTATE);
    lw_inbox_free(inbox);
    lw_loop_free(loop);
}

/* ---- Several threads ------------------------------------------------------------------------ */

#define POSTERS 4
#define EACH    2000

typedef struct poster {
    lw_inbox *inbox;
    lw_loop *loop;
    int *total; /* of all posters; touched by the loop's thread alone */
    struct counted {
        lw_task task;
        struct poster *poster;
        int number;
    } tasks[EACH];
    int seen; /* tasks of this poster that ran: they must come in order */
    bool in_order;
} poster;

static void count_task(lw_task *task)
{
    struct counted *c = LW_CONTAINER(task, struct counted, task);
    poster *p = c->poster;
    p->in_order = p->in_order && c->number == p->seen;
    p->seen++;
    if (++*p->total == POSTERS * EACH) {
        lw_loop_stop(p->loop);
    }
}

static void *post_all(void *ctx)
{
    poster *p = ctx;
    for (int i = 0; i < EACH; i++) {
        p->tasks[i] = (struct counted){{NULL, count_task}, p, i};
        assert_ok(lw_inbox_post(p->inbox, &p->tasks[i].task));
    }
    return NULL;
}

LW_TEST(several_threads_post_and_each_keeps_its_order)
{
    static poster posters[POSTERS];
    lw_loop *loop = lw_loop_new();
    lw_inbox *inbox = lw_inbox_new(loop, 0, NULL, NULL);
    pthread_t threads[POSTERS];
    int total = 0;
    for (int i = 0; i < POSTERS; i++) {
        posters[i] = (poster){.inbox = inbox, .loop = loop, .total = &total, .in_order = true};
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    lw_loop_run(loop);
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(posters[i].seen, EACH);
        assert_true(posters[i].in_order);
    }
    lw_inbox_free(inbox);
    lw_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_run_in_order_and_what_follows_them_runs_once),
        cmocka_unit_test(a_full_inbox_refuses),
        cmocka_unit_test(closing_runs_what_waits_and_refuses_what_comes),
        cmocka_unit_test(several_threads_post_and_each_keeps_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
