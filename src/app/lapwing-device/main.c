/* lapwing-device: this machine as an LwM2M device, and a simulator of one.
 *
 * Exit status: 0 after SIGTERM, SIGINT or "quit", having de-registered; 1 when something failed at
 * run time; 2 for wrong usage. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/lapwing-device/device.h"
#include "app/lapwing-device/prompt.h"

/* How long the answers to De-register are waited for. */
#define FAREWELL_MS ((lw_time)4000)

/* ---- Signals: an octet in a pipe wakes the loop; the second signal ends at once ---------------
 */

static int signal_pipe[2];
static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    int why = errno;
    if (++signals > 1) {
        _exit(128 + number);
    }
    ssize_t n = write(signal_pipe[1], "", 1);
    (void)n;
    errno = why;
}

static bool catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    if (pipe(signal_pipe) != 0) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
    }
    signal(SIGPIPE, SIG_IGN);
    return sigaction(SIGTERM, &action, NULL) == 0 && sigaction(SIGINT, &action, NULL) == 0;
}

/* ---- The loop ---------------------------------------------------------------------------------
 */

typedef enum outcome { ENDED, RESTARTS, WRONG, FAILED } outcome;

static outcome outcome_of(lw_err err)
{
    return err == LW_OK ? RESTARTS : err == LW_EINVAL ? WRONG : FAILED;
}

static bool stdin_is_ready(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&in, 1, 0) > 0;
}

static bool serve_prompt(prompt *p, lw_posix *posix)
{
    if (!p->is_closed && stdin_is_ready()) {
        prompt_read(p);
        if (p->is_closed) {
            lw_posix_unwatch(posix, STDIN_FILENO);
        }
    }
    return p->wants_quit;
}

/* From start to the end, or to the next reboot. */
static outcome run(device *d, prompt *p)
{
    bool quits = false;
    device_start(d);
    while (!quits && signals == 0 && !d->wants_restart) {
        if (device_run(d) != LW_OK) {
            return FAILED;
        }
        quits = p != NULL && serve_prompt(p, d->posix);
    }
    if (d->wants_restart && !quits && signals == 0) {
        return RESTARTS; /* a reboot says no goodbye: the server sees the next Register */
    }
    device_stop(d, FAREWELL_MS);
    return ENDED;
}

static outcome run_device(const options *o, const report *r, lw_posix *posix)
{
    static device d;
    static prompt p;
    outcome result = RESTARTS;
    while (result == RESTARTS) {
        result = outcome_of(device_open(&d, o, r, posix));
        if (o->prompt && result == RESTARTS && p.device == NULL) {
            prompt_start(&p, &d);
        }
        if (result == RESTARTS) {
            result = run(&d, o->prompt ? &p : NULL);
        }
        device_close(&d);
        if (result == RESTARTS) {
            report_say(r, "restarted", "restarted");
        }
    }
    return result;
}

/* ---- Start ------------------------------------------------------------------------------------
 */

static lw_posix *open_platform(const options *o, report *r)
{
    lw_posix *posix;
    lw_posix_cfg cfg = {.dir = o->state_dir, .log = report_log, .log_ctx = r};
    lw_err err = lw_posix_new(&posix, &cfg);
    if (err == LW_ESTATE) {
        fprintf(stderr, "lapwing-device: --state-dir %s: another process uses it\n", o->state_dir);
    } else if (err != LW_OK) {
        fprintf(stderr, "lapwing-device: --state-dir %s: %s\n",
                o->state_dir != NULL ? o->state_dir : "none", strerror(errno));
    }
    return posix;
}

int main(int argc, char **argv)
{
    static options o;
    switch (options_parse(&o, argc, argv)) {
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_WRONG:
        return 2;
    default:
        break;
    }
    report r = {.json = o.json, .level = o.log_level};
    lw_posix *posix = open_platform(&o, &r);
    if (posix == NULL) {
        return EXIT_FAILURE;
    }
    if (!catch_signals() || lw_posix_watch(posix, signal_pipe[0]) != LW_OK ||
        (o.prompt && lw_posix_watch(posix, STDIN_FILENO) != LW_OK)) {
        fprintf(stderr, "lapwing-device: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    outcome result = run_device(&o, &r, posix);
    lw_posix_free(posix);
    return result == ENDED ? EXIT_SUCCESS : result == WRONG ? 2 : EXIT_FAILURE;
}
