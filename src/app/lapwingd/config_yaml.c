/* A configuration file is one YAML mapping of keys to values; `listen` may have a list. Every value
 * is taken as text and read like that of a flag, so that a value is right or wrong in the same way
 * wherever it stands. */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "app/lapwingd/config.h"

typedef struct reader {
    config *config;
    const char *file;
    char *why;
    yaml_parser_t parser;
    yaml_event_t event;
    bool seen[CONFIG_KEYS_MAX]; /* by the key's place in the table */
} reader;

static bool refuse(reader *r, size_t line, const char *what, const char *text)
{
    snprintf(r->why, CONFIG_WHY_MAX, "%s, line %zu: %s%s", r->file, line + 1, what, text);
    return false;
}

/* The next event replaces the last one. */
static bool next(reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event) != 0) {
        return true;
    }
    memset(&r->event, 0, sizeof r->event);
    const char *problem = r->parser.problem;
    return refuse(r, r->parser.problem_mark.line, problem != NULL ? problem : "not YAML", "");
}

static const char *text_of(const reader *r)
{
    return (const char *)r->event.data.scalar.value;
}

static bool is_text(const reader *r)
{
    return r->event.type == YAML_SCALAR_EVENT && strlen(text_of(r)) == r->event.data.scalar.length;
}

static bool take_value(reader *r, const config_key *key, bool is_first)
{
    char origin[CONFIG_TEXT_MAX];
    size_t line = r->event.start_mark.line;
    if (!is_text(r)) {
        return refuse(r, line, key->name, ": a single value is expected");
    }
    snprintf(origin, sizeof origin, "%s, line %zu: %s", r->file, line + 1, key->name);
    return config_set(r->config, key, text_of(r), is_first, origin, r->why);
}

static bool take_list(reader *r, const config_key *key)
{
    if (strcmp(key->name, "listen") != 0) {
        return refuse(r, r->event.start_mark.line, key->name, ": a single value is expected");
    }
    for (bool is_first = true;; is_first = false) {
        if (!next(r)) {
            return false;
        }
        if (r->event.type == YAML_SEQUENCE_END_EVENT) {
            return !is_first ||
                   refuse(r, r->event.start_mark.line, key->name, ": the list is empty");
        }
        if (!take_value(r, key, is_first)) {
            return false;
        }
    }
}

static bool take_pair(reader *r)
{
    size_t line = r->event.start_mark.line;
    if (!is_text(r)) {
        return refuse(r, line, "the name of a key is expected", "");
    }
    const config_key *key = config_find(text_of(r));
    if (key == NULL) {
        return refuse(r, line, "there is no key of this name: ", text_of(r));
    }
    bool *seen = &r->seen[key - config_keys];
    if (*seen) {
        return refuse(r, line, key->name, " stands here for the second time");
    }
    *seen = true;
    return next(r) && (r->event.type == YAML_SEQUENCE_START_EVENT ? take_list(r, key)
                                                                  : take_value(r, key, true));
}

static bool take_mapping(reader *r)
{
    while (next(r)) {
        if (r->event.type == YAML_MAPPING_END_EVENT) {
            return true;
        }
        if (!take_pair(r)) {
            return false;
        }
    }
    return false;
}

/* Start of stream and of document, one mapping or nothing, and their ends. */
static bool read_document(reader *r)
{
    if (!next(r)) { /* start of the stream */
        return false;
    }
    if (!next(r)) { /* start of the document */
        return false;
    }
    if (r->event.type == YAML_STREAM_END_EVENT) {
        return true; /* nothing but comments */
    }
    if (!next(r)) {
        return false;
    }
    if (r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.length == 0) {
        return true;
    }
    if (r->event.type != YAML_MAPPING_START_EVENT) {
        return refuse(r, r->event.start_mark.line, "lines of the form 'key: value' are expected",
                      "");
    }
    if (!take_mapping(r)) {
        return false;
    }
    if (!next(r)) { /* end of the document */
        return false;
    }
    if (!next(r)) {
        return false;
    }
    return r->event.type == YAML_STREAM_END_EVENT ||
           refuse(r, r->event.start_mark.line, "a second document", "");
}

bool config_read_yaml(config *c, lw_bytes text, const char *file, char *why)
{
    reader r = {.config = c, .file = file, .why = why};
    if (yaml_parser_initialize(&r.parser) == 0) {
        snprintf(why, CONFIG_WHY_MAX, "%s: out of memory", file);
        return false;
    }
    yaml_parser_set_input_string(&r.parser, text.ptr, text.len);
    bool done = read_document(&r);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return done;
}
