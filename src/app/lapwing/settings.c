#include "app/lapwing/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_URL "http://127.0.0.1:8080"

static void take_env(char **into, const char *name)
{
    const char *value = getenv(name);
    if (*into == NULL && value != NULL && value[0] != '\0') {
        *into = strdup(value);
    }
}

/* "key: value", "# comment" or nothing. */
static bool take_line(char *line, char **url, char **token)
{
    static const char blanks[] = " \t\r\n";
    char *key = line + strspn(line, blanks);
    if (key[0] == '\0' || key[0] == '#') {
        return true;
    }
    char *colon = strchr(key, ':');
    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    char *value = colon + 1 + strspn(colon + 1, blanks);
    value[strcspn(value, blanks)] = '\0';
    char **into = strcmp(key, "url") == 0 ? url : strcmp(key, "token") == 0 ? token : NULL;
    if (into == NULL || value[0] == '\0') {
        return false;
    }
    if (*into == NULL) {
        *into = strdup(value);
    }
    return true;
}

/* What the file says. A file that is not there says nothing. */
static status read_file(char **url, char **token)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char path[1024], line[1024];
    if (base == NULL || base[0] == '\0') {
        snprintf(path, sizeof path, "%s/.config/lapwing", home != NULL ? home : "");
    } else {
        snprintf(path, sizeof path, "%s/lapwing", base);
    }
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        return errno == ENOENT || errno == ENOTDIR
                   ? STATUS_OK
                   : fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
    }
    status s = STATUS_OK;
    for (unsigned number = 1; s == STATUS_OK && fgets(line, sizeof line, in) != NULL; number++) {
        if (!take_line(line, url, token)) {
            s = fail(STATUS_USAGE, "%s, line %u: 'url: …' or 'token: …' is expected", path, number);
        }
    }
    fclose(in);
    return s;
}

static void trim_slashes(char *url)
{
    for (size_t len = strlen(url); len > 0 && url[len - 1] == '/'; len--) {
        url[len - 1] = '\0';
    }
}

status settings_load(cli *c)
{
    char *url = NULL, *token = NULL;
    take_env(&c->url, "LAPWING_URL");
    take_env(&c->token, "LAPWING_TOKEN");
    status s = read_file(&url, &token);
    url = url != NULL ? url : strdup(DEFAULT_URL);
    c->url = c->url != NULL ? c->url : url != NULL ? strdup(url) : NULL;
    if (url == NULL || c->url == NULL) {
        free(url);
        free(token);
        return fail(STATUS_FAILED, "out of memory");
    }
    trim_slashes(url);
    trim_slashes(c->url);
    /* A token is for the server it stands beside, and shown to no other. */
    if (c->token == NULL && strcmp(c->url, url) == 0) {
        c->token = token;
        token = NULL;
    }
    free(url);
    free(token);
    return s;
}
