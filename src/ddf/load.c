/* An expat parser drives a small machine: each open element is a scope, and the text of an element
 * that the schema knows goes into a field of the builder (ddf/build.h).
 *
 * tools/gen_objects reads by the same rules, message by message: tests/vectors/ddf holds both.
 */
#include "ddf/load.h"

#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddf/build.h"

#define FILE_CHUNK 16384u

typedef enum scope {
    SCOPE_DOCUMENT,
    SCOPE_LIST,      /* <LWM2M> */
    SCOPE_OBJECT,    /* <Object> */
    SCOPE_RESOURCES, /* <Resources> */
    SCOPE_ITEM,      /* <Item> */
    SCOPE_FIELD,     /* an element with text */
    SCOPE_INSIDE,    /* markup inside such a text, which is kept without its tags */
    SCOPE_UNKNOWN    /* an element of no schema, ignored with all it holds */
} scope;

typedef struct parser {
    XML_Parser xml;
    lw_ddf_result *out;
    lw_ddf_builder builder;
    bool stopped; /* nothing that follows is looked at */
    lw_ddf_place root_at;
    bool object_seen;
    scope scopes[LW_DDF_MAX_DEPTH];
    size_t depth;
    lw_ddf_field *field; /* takes the text now */
    bool keep_lines;
    size_t text_len;
    char text[LW_DDF_MAX_TEXT];
} parser;

static lw_ddf_place here(const parser *p)
{
    return (lw_ddf_place){(uint32_t)XML_GetCurrentLineNumber(p->xml),
                          (uint32_t)XML_GetCurrentColumnNumber(p->xml) + 1};
}

/* Reading ends here, after an error was said. Expat may still call handlers: they do nothing. */
static void stop(parser *p)
{
    p->stopped = true;
    (void)XML_StopParser(p->xml, XML_FALSE);
}

static bool goes_on(const parser *p)
{
    return !p->stopped && !p->out->out_of_memory;
}

static scope innermost(const parser *p)
{
    return p->depth > 0 ? p->scopes[p->depth - 1] : SCOPE_DOCUMENT;
}

/* --- Texts --------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Puts p->text in order in place: a run of blanks becomes one, none stays at the ends. With
 * `keep_lines` a run that holds a line end becomes a line end. */
static void tidy(parser *p)
{
    size_t out = 0;
    char gap = '\0';
    for (size_t i = 0; i < p->text_len; i++) {
        char c = p->text[i];
        if (is_blank(c)) {
            gap = p->keep_lines && (c == '\n' || gap == '\n') ? '\n' : ' ';
            continue;
        }
        if (gap != '\0' && out > 0) {
            p->text[out++] = gap;
        }
        gap = '\0';
        p->text[out++] = c;
    }
    p->text_len = out;
}

static void end_field(parser *p)
{
    tidy(p);
    p->field->text = lw_ddf_keep(p->out, lw_bytes_of(p->text, p->text_len));
}

/* --- Elements that open -------------------------------------------------------------------- */

static scope open_unknown(parser *p, const char *tag)
{
    lw_ddf_say(p->out, LW_DDF_WARNING, here(p), "unknown element <%.*s> is ignored",
               (int)lw_ddf_shown(tag), tag);
    return SCOPE_UNKNOWN;
}

static scope open_field(parser *p, lw_ddf_field *field, const char *tag)
{
    if (field == NULL) {
        return open_unknown(p, tag);
    }
    if (field->text != NULL) {
        lw_ddf_say(p->out, LW_DDF_ERROR, here(p), "<%s> stands twice", tag);
    }
    field->at = here(p);
    field->text = "";
    p->field = field;
    p->keep_lines = strncmp(tag, "Description", strlen("Description")) == 0;
    p->text_len = 0;
    return SCOPE_FIELD;
}

static const char *attribute(const char **attributes, const char *name)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        if (strcmp(attributes[i], name) == 0) {
            return attributes[i + 1];
        }
    }
    return NULL;
}

static scope open_root(parser *p, const char *tag)
{
    if (strcmp(tag, "LWM2M") != 0) {
        lw_ddf_say(p->out, LW_DDF_ERROR, here(p), "the root element is <%.*s>, not <LWM2M>",
                   (int)lw_ddf_shown(tag), tag);
        stop(p);
    }
    p->root_at = here(p);
    return SCOPE_LIST;
}

static scope open_object(parser *p, const char **attributes)
{
    const char *type = attribute(attributes, "ObjectType");
    if (type != NULL && strcmp(type, "MODefinition") != 0) {
        lw_ddf_say(p->out, LW_DDF_ERROR, here(p), "ObjectType is %s, not \"MODefinition\"",
                   lw_ddf_quote(type).text);
        stop(p);
    }
    p->object_seen = true;
    lw_ddf_open_object(&p->builder, here(p));
    return SCOPE_OBJECT;
}

static scope open_resources(parser *p)
{
    if (p->builder.resources_seen) {
        lw_ddf_say(p->out, LW_DDF_ERROR, here(p), "<Resources> stands twice");
    }
    p->builder.resources_seen = true;
    return SCOPE_RESOURCES;
}

static scope open_item(parser *p, const char **attributes)
{
    lw_ddf_open_item(&p->builder, here(p), attribute(attributes, "ID"));
    return SCOPE_ITEM;
}

static scope enter(parser *p, const char *tag, const char **attributes)
{
    switch (innermost(p)) {
    case SCOPE_DOCUMENT:
        return open_root(p, tag);
    case SCOPE_LIST:
        return strcmp(tag, "Object") == 0 ? open_object(p, attributes) : open_unknown(p, tag);
    case SCOPE_OBJECT:
        return strcmp(tag, "Resources") == 0
                   ? open_resources(p)
                   : open_field(p, lw_ddf_object_field_of(&p->builder, tag), tag);
    case SCOPE_RESOURCES:
        return strcmp(tag, "Item") == 0 ? open_item(p, attributes) : open_unknown(p, tag);
    case SCOPE_ITEM:
        return open_field(p, lw_ddf_item_field_of(&p->builder, tag), tag);
    case SCOPE_FIELD:
    case SCOPE_INSIDE:
        return SCOPE_INSIDE;
    case SCOPE_UNKNOWN:
        break;
    }
    return SCOPE_UNKNOWN;
}

/* --- What expat calls ---------------------------------------------------------------------- */

static void XMLCALL on_start(void *ctx, const XML_Char *tag, const XML_Char **attributes)
{
    parser *p = ctx;
    if (!goes_on(p)) {
        return;
    }
    if (p->depth == LW_DDF_MAX_DEPTH) {
        lw_ddf_say(p->out, LW_DDF_ERROR, here(p), "elements are nested deeper than %u",
                   LW_DDF_MAX_DEPTH);
        stop(p);
        return;
    }
    p->scopes[p->depth] = enter(p, tag, attributes);
    p->depth++;
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len)
{
    parser *p = ctx;
    scope in = innermost(p);
    if (!goes_on(p) || (in != SCOPE_FIELD && in != SCOPE_INSIDE)) {
        return;
    }
    if ((size_t)len > sizeof p->text - p->text_len) {
        lw_ddf_say(p->out, LW_DDF_ERROR, p->field->at, "a text is longer than %u octets",
                   LW_DDF_MAX_TEXT);
        stop(p);
        return;
    }
    memcpy(p->text + p->text_len, text, (size_t)len);
    p->text_len += (size_t)len;
}

static void XMLCALL on_end(void *ctx, const XML_Char *tag)
{
    parser *p = ctx;
    (void)tag;
    if (!goes_on(p)) {
        return;
    }
    p->depth--;
    switch (p->scopes[p->depth]) {
    case SCOPE_FIELD:
        end_field(p);
        break;
    case SCOPE_ITEM:
        lw_ddf_end_item(&p->builder);
        break;
    case SCOPE_OBJECT:
        lw_ddf_end_object(&p->builder);
        break;
    case SCOPE_LIST:
        if (!p->object_seen) {
            lw_ddf_say(p->out, LW_DDF_ERROR, p->root_at, "<LWM2M> holds no <Object>");
        }
        break;
    case SCOPE_DOCUMENT:
    case SCOPE_RESOURCES:
    case SCOPE_INSIDE:
    case SCOPE_UNKNOWN:
        break;
    }
}

/* No declaration, no entities: nothing can be expanded or fetched. */
static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    parser *p = ctx;
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    lw_ddf_say(p->out, LW_DDF_ERROR, here(p), "a document type declaration is not accepted");
    stop(p);
}

/* --- From the outside ---------------------------------------------------------------------- */

static parser *parser_new(const lw_mem *mem, const char *name)
{
    parser *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->xml = XML_ParserCreate(NULL);
    p->out = p->xml != NULL ? lw_ddf_result_new(mem, name) : NULL;
    if (p->out == NULL) {
        XML_ParserFree(p->xml);
        free(p);
        return NULL;
    }
    p->builder.out = p->out;
    XML_SetUserData(p->xml, p);
    XML_SetElementHandler(p->xml, on_start, on_end);
    XML_SetCharacterDataHandler(p->xml, on_text);
    XML_SetStartDoctypeDeclHandler(p->xml, on_doctype);
    return p;
}

static void feed(parser *p, const void *data, size_t len, bool last)
{
    if (XML_Parse(p->xml, data, (int)len, last) == XML_STATUS_OK || !goes_on(p)) {
        return;
    }
    enum XML_Error code = XML_GetErrorCode(p->xml);
    lw_ddf_say(p->out, LW_DDF_ERROR, here(p), "the XML is broken: %s", XML_ErrorString(code));
    p->out->out_of_memory = p->out->out_of_memory || code == XML_ERROR_NO_MEMORY;
    p->stopped = true;
}

static void refuse_size(parser *p)
{
    lw_ddf_say(p->out, LW_DDF_ERROR, (lw_ddf_place){1, 1}, "the file is larger than %u octets",
               LW_DDF_MAX_BYTES);
    p->stopped = true;
}

/* Ends the parser and hands out what it gathered. */
static lw_err finish(parser *p, lw_err err, lw_ddf **out_ddf)
{
    lw_ddf_result *out = p->out;
    if (!out->refused) {
        lw_ddf_build(&p->builder);
    }
    XML_ParserFree(p->xml);
    free(p);
    if (out->out_of_memory) {
        lw_ddf_free(&out->ddf);
        return LW_ENOMEM;
    }
    lw_ddf_sort_messages(out);
    *out_ddf = &out->ddf;
    return err == LW_OK && out->refused ? LW_EFORMAT : err;
}

lw_err lw_ddf_new(const lw_mem *mem, const char *name, lw_bytes xml, lw_ddf **out_ddf)
{
    *out_ddf = NULL;
    parser *p = parser_new(mem, name);
    if (p == NULL) {
        return LW_ENOMEM;
    }
    if (xml.len > LW_DDF_MAX_BYTES) {
        refuse_size(p);
    } else {
        feed(p, xml.ptr, xml.len, true);
    }
    return finish(p, LW_OK, out_ddf);
}

/* False when the file cannot be read on. */
static bool feed_file(parser *p, FILE *file)
{
    char chunk[FILE_CHUNK];
    size_t total = 0;
    size_t len = 0;
    do {
        len = fread(chunk, 1, sizeof chunk, file);
        total += len;
        if (ferror(file) != 0) {
            return false;
        }
        if (total > LW_DDF_MAX_BYTES) {
            refuse_size(p);
        } else {
            feed(p, chunk, len, len == 0);
        }
    } while (len > 0 && goes_on(p));
    return true;
}

lw_err lw_ddf_new_from_file(const lw_mem *mem, const char *path, lw_ddf **out_ddf)
{
    *out_ddf = NULL;
    parser *p = parser_new(mem, path);
    if (p == NULL) {
        return LW_ENOMEM;
    }
    FILE *file = fopen(path, "rb");
    bool read = file != NULL && feed_file(p, file);
    if (!read) {
        lw_ddf_say(p->out, LW_DDF_ERROR, (lw_ddf_place){0, 0}, "%s", strerror(errno));
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return finish(p, read ? LW_OK : LW_EIO, out_ddf);
}
