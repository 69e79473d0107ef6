/* Names to addresses.
 *
 * getaddrinfo blocks, for half a minute when a resolver is away; so it runs in a thread of its own,
 * one per lookup. The threads and the owner share this mailbox, which the last of them frees: the
 * owner never waits for a thread, not even at its end. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/port/posix_priv.h"
#include "lw/posix.h"

typedef struct lookup {
    struct lookup *next; /* in the mailbox */
    lw_posix_lookups *box;
    lw_posix_target target;
    unsigned serial; /* which one of its link it is */
    lw_posix_answer answer;
} lookup;

struct lw_posix_lookups {
    pthread_mutex_t lock;
    unsigned users;                      /* the owner, and each thread */
    lookup *done;                        /* answers to take */
    unsigned wanted[LW_POSIX_LINKS_MAX]; /* serial of the lookup that counts; 0: none */
    unsigned serial;
    int pipe[2]; /* an octet for each answer */
};

lw_posix_lookups *lw_posix_lookups_new(void)
{
    lw_posix_lookups *box = calloc(1, sizeof *box);
    if (box == NULL) {
        return NULL;
    }
    if (pipe(box->pipe) != 0) {
        free(box);
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(box->pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(box->pipe[i], F_SETFL, O_NONBLOCK);
    }
    pthread_mutex_init(&box->lock, NULL);
    box->users = 1;
    return box;
}

static void free_lookup(lookup *l)
{
    if (l->answer.addresses != NULL) {
        freeaddrinfo(l->answer.addresses);
    }
    free(l);
}

/* One user less; the lock is held, and given back. */
static void leave(lw_posix_lookups *box)
{
    bool is_last = --box->users == 0;
    pthread_mutex_unlock(&box->lock);
    if (!is_last) {
        return;
    }
    while (box->done != NULL) {
        lookup *l = box->done;
        box->done = l->next;
        free_lookup(l);
    }
    close(box->pipe[0]);
    close(box->pipe[1]);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

void lw_posix_lookups_free(lw_posix_lookups *box)
{
    if (box != NULL) {
        pthread_mutex_lock(&box->lock);
        leave(box);
    }
}

int lw_posix_lookups_fd(const lw_posix_lookups *box)
{
    return box->pipe[0];
}

static void *run(void *arg)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    lookup *l = arg;
    lw_posix_lookups *box = l->box;
    l->answer.error = getaddrinfo(l->target.host, l->target.port, &hints, &l->answer.addresses);
    pthread_mutex_lock(&box->lock);
    l->next = box->done;
    box->done = l;
    ssize_t written = write(box->pipe[1], "", 1); /* when it is full, it can be read anyway */
    (void)written;
    leave(box);
    return NULL;
}

/* Signals are for the threads of the application. */
static bool start_thread(lookup *l)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, NULL, run, l) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) {
        pthread_detach(thread);
    }
    return started;
}

lw_err lw_posix_lookup(lw_posix_lookups *box, uint8_t link, const lw_posix_target *target)
{
    lookup *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return LW_ENOMEM;
    }
    pthread_mutex_lock(&box->lock);
    box->serial += box->serial == UINT32_MAX ? 2 : 1;
    *l = (lookup){.box = box, .target = *target, .serial = box->serial, .answer = {.link = link}};
    box->wanted[link] = l->serial;
    box->users++;
    pthread_mutex_unlock(&box->lock);
    if (start_thread(l)) {
        return LW_OK;
    }
    pthread_mutex_lock(&box->lock);
    box->wanted[link] = 0;
    leave(box);
    free(l);
    return LW_ENOMEM;
}

void lw_posix_lookup_forget(lw_posix_lookups *box, uint8_t link)
{
    pthread_mutex_lock(&box->lock);
    box->wanted[link] = 0;
    pthread_mutex_unlock(&box->lock);
}

bool lw_posix_lookup_take(lw_posix_lookups *box, lw_posix_answer *out_answer)
{
    char octets[16];
    while (read(box->pipe[0], octets, sizeof octets) > 0) {
    }
    bool found = false;
    pthread_mutex_lock(&box->lock);
    while (!found && box->done != NULL) {
        lookup *l = box->done;
        box->done = l->next;
        found = box->wanted[l->answer.link] == l->serial;
        if (found) {
            box->wanted[l->answer.link] = 0;
            *out_answer = l->answer;
            l->answer.addresses = NULL;
        }
        free_lookup(l);
    }
    pthread_mutex_unlock(&box->lock);
    return found;
}
