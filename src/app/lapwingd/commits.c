#include "app/lapwingd/commits.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16

void commits_init(commits *c, lw_wake *wake)
{
    *c = (commits){.wake = wake};
    pthread_mutex_init(&c->lock, NULL);
}

void commits_fini(commits *c)
{
    free(c->waiting);
    c->waiting = NULL;
    pthread_mutex_destroy(&c->lock);
}

/* Outcomes alternate only while a store fails and recovers, so the list stays as short as that
 * happens between two rounds of the loop. */
static commit *append(commits *c)
{
    if (c->count == c->room) {
        size_t room = c->room == 0 ? ROOM_FIRST : 2 * c->room;
        commit *grown = realloc(c->waiting, room * sizeof *grown);
        if (grown == NULL) {
            abort(); /* losing a commit would leave answers waiting for ever */
        }
        c->waiting = grown;
        c->room = room;
    }
    return &c->waiting[c->count++];
}

void commits_add(void *ctx, lw_ticket ticket, lw_err err)
{
    commits *c = ctx;
    pthread_mutex_lock(&c->lock);
    commit *last = c->count > 0 ? &c->waiting[c->count - 1] : NULL;
    if (last == NULL || last->err != err) {
        last = append(c);
    }
    *last = (commit){ticket, err};
    pthread_mutex_unlock(&c->lock);
    lw_wake_send(c->wake);
}

bool commits_take(commits *c, commit *out_commit)
{
    pthread_mutex_lock(&c->lock);
    bool is_there = c->count > 0;
    if (is_there) {
        *out_commit = c->waiting[0];
        memmove(c->waiting, c->waiting + 1, --c->count * sizeof *c->waiting);
    }
    pthread_mutex_unlock(&c->lock);
    return is_there;
}
