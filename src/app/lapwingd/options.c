#include "app/lapwingd/options.h"

#include <stdlib.h>
#include <string.h>

#define PROGRAM "lapwingd"

/* Ids of flags that are no keys; keys have their place in config_keys. */
enum {
    OPT_CONFIG = CONFIG_KEYS_MAX,
    OPT_CHECK_CONFIG,
    OPT_CHECK_STORE,
    OPT_EXPORT,
    OPT_IMPORT,
    OPT_BACKUP,
    OPT_ADMIN_TOKEN,
    OPT_HELP,
    OPT_VERSION
};

static const flag own_rows[] = {
    {.help = "What to do, instead of serving"},
    {"check-config", 0, NULL, "read the configuration, say what is wrong, end", OPT_CHECK_CONFIG},
    {"check-store", 0, NULL, "look for damage in the data directory, end", OPT_CHECK_STORE},
    {"export", 0, "FILE", "write everything that is kept as JSON lines, secrets included",
     OPT_EXPORT},
    {"import", 0, "FILE", "read what --export wrote into an empty data directory", OPT_IMPORT},
    {"backup", 0, "FILE", "copy the store into a file, also while lapwingd runs", OPT_BACKUP},
    {"admin-token", 0, NULL, "make a further token of the role admin, print it, end",
     OPT_ADMIN_TOKEN},
    {"help", 'h', NULL, "this page", OPT_HELP},
    {"version", 'V', NULL, "version of this program", OPT_VERSION},
    {.help = "Configuration. Each key is a flag, LAPWING_KEY in the environment and a key of the "
             "file; a flag\nwins over the environment, which wins over the file"},
    {"config", 'c', "FILE", "YAML file (LAPWING_CONFIG)", OPT_CONFIG},
};

#define OWN_COUNT (sizeof own_rows / sizeof own_rows[0])

/* Rows of this program, then the keys. */
static size_t make_rows(flag rows[OWN_COUNT + CONFIG_KEYS_MAX])
{
    memcpy(rows, own_rows, sizeof own_rows);
    for (size_t i = 0; i < config_key_count; i++) {
        const config_key *key = &config_keys[i];
        bool is_switch = key->value != NULL && strcmp(key->value, "yes|no") == 0;
        rows[OWN_COUNT + i] = (flag){.name = key->name,
                                     .value = is_switch ? "[=yes|no]" : key->value,
                                     .help = key->help,
                                     .id = (int)i};
    }
    return OWN_COUNT + config_key_count;
}

static void set_job(options *o, const flags *f)
{
    static const job jobs[] = {JOB_CHECK_CONFIG, JOB_CHECK_STORE, JOB_EXPORT,
                               JOB_IMPORT,       JOB_BACKUP,      JOB_ADMIN_TOKEN};
    o->job = jobs[f->row->id - OPT_CHECK_CONFIG];
    o->file = f->value;
}

/* Looks at what is no key. JOB_RUN: go on. */
static job scan(options *o, flags f)
{
    flags_step step;
    unsigned jobs = 0;
    for (step = flags_next(&f); step == FLAGS_FLAG; step = flags_next(&f)) {
        int id = f.row->id;
        if (id == OPT_HELP || id == OPT_VERSION) {
            id == OPT_HELP ? flags_help(&f, stdout) : (void)puts(PROGRAM " " LAPWING_VERSION);
            return JOB_NONE;
        }
        if (id == OPT_CONFIG) {
            o->config_file = f.value;
        } else if (id > OPT_CONFIG) {
            set_job(o, &f);
            jobs++;
        }
    }
    if (step == FLAGS_WORD) {
        complain(PROGRAM, "%s: what is this? Options start with a dash", f.value);
        return JOB_WRONG;
    }
    if (jobs > 1) {
        complain(PROGRAM, "one of --check-config, --check-store, --export, --import, --backup and "
                          "--admin-token at a time");
        return JOB_WRONG;
    }
    return step == FLAGS_END ? JOB_RUN : JOB_WRONG;
}

static bool apply(options *o, flags f, char *why)
{
    bool seen[CONFIG_KEYS_MAX] = {false};
    while (flags_next(&f) == FLAGS_FLAG) {
        char origin[CONFIG_ENV_MAX];
        int id = f.row->id;
        if (id >= CONFIG_KEYS_MAX) {
            continue;
        }
        snprintf(origin, sizeof origin, "--%s", f.row->name);
        const char *text = f.value != NULL ? f.value : "yes";
        if (!config_set(&o->config, &config_keys[id], text, !seen[id], origin, why)) {
            return false;
        }
        seen[id] = true;
    }
    return config_check(&o->config, why);
}

job options_read(options *o, int argc, char **argv, char *const *environ)
{
    static const char usage[] = "[options]\n"
                                "The LwM2M server: serves devices over CoAP, and operators over a "
                                "REST API.\n";
    flag rows[OWN_COUNT + CONFIG_KEYS_MAX];
    char why[CONFIG_WHY_MAX];
    flags f = {.program = PROGRAM,
               .usage = usage,
               .rows = rows,
               .count = make_rows(rows),
               .argc = argc,
               .argv = argv};
    *o = (options){.job = JOB_RUN, .config_file = getenv("LAPWING_CONFIG")};
    job result = scan(o, f);
    if (result != JOB_RUN) {
        return result;
    }
    if (!config_load(&o->config, o->config_file, environ, why) || !apply(o, f, why)) {
        complain(PROGRAM, "%s", why);
        return JOB_WRONG;
    }
    return o->job;
}
