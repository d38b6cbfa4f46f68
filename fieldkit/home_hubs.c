/*
 * home_hubs -- the list of hubs of a home: a line for each, in clear, so that
 * a locked device can carry.
 */
#include "fieldkit/home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUBS_MAX 65536
#define LOCK_WAIT_MS 10000

void
home_add_hub(struct home *h, const char *name, const char *url)
{
	h->hubs = mem_grow(h->hubs, (h->nhubs + 1) * sizeof *h->hubs);
	h->hubs[h->nhubs++] = (struct home_hub){ .name = mem_text(name),
	    .url = mem_text(url) };
}

fault
home_save_hubs(const struct home *h)
{
	struct buf b = BUF_EMPTY;
	char *path = home_file(h, "hubs"), hex[ID_HEX];
	fault f;

	for (size_t i = 0; i < h->nhubs; i++)
		buf_text(&b, "%s\t%s\t%s\t%llu\n", h->hubs[i].name,
		    h->hubs[i].url, id_hex(hex, &h->hubs[i].id),
		    (unsigned long long)h->hubs[i].last_sync);
	f = file_write(path, buf_view(&b), 0600);
	free(path);
	buf_free(&b);
	return f;
}

static bool
hub_parse(struct home *h, char *line)
{
	char *save = NULL, *name = strtok_r(line, "\t", &save);
	char *url = strtok_r(NULL, "\t", &save);
	char *id = strtok_r(NULL, "\t", &save);
	char *when = strtok_r(NULL, "\t", &save);

	if (name == NULL || url == NULL)
		return false;
	home_add_hub(h, name, url);
	if (id != NULL && !id_parse(&h->hubs[h->nhubs - 1].id, id))
		h->hubs[h->nhubs - 1].id = (struct id){ { 0 } };
	if (when != NULL)
		h->hubs[h->nhubs - 1].last_sync = strtoull(when, NULL, 10);
	return true;
}

void
home_drop_hub(struct home *h, struct home_hub *hub)
{
	size_t i = (size_t)(hub - h->hubs);

	free(hub->name);
	free(hub->url);
	h->nhubs--;
	memmove(hub, hub + 1, (h->nhubs - i) * sizeof *hub);
}

void
home_forget_hubs(struct home *h)
{
	for (size_t i = 0; i < h->nhubs; i++) {
		free(h->hubs[i].name);
		free(h->hubs[i].url);
	}
	free(h->hubs);
	h->hubs = NULL;
	h->nhubs = 0;
}

static bool
parse_all(struct home *h, struct buf *text)
{
	char *save = NULL, *line;
	bool whole = text->len == 0 ||
	    memchr(text->at, '\0', text->len) == NULL;

	home_forget_hubs(h);
	buf_cstr(text);
	for (line = strtok_r((char *)text->at, "\n", &save); whole &&
	    line != NULL; line = strtok_r(NULL, "\n", &save))
		whole = hub_parse(h, line);
	if (!whole)
		home_forget_hubs(h);
	return whole;
}

fault
home_read_hubs(struct home *h)
{
	struct buf b = BUF_EMPTY;
	char *path = home_file(h, "hubs");
	fault f = file_read(&b, path, HUBS_MAX);

	if (f != NULL && f->code == FAULT_ABSENT)
		f = NULL;
	/* One that reads as none would make every sync say that there is no
	 * hub. */
	else if (f == NULL && !parse_all(h, &b))
		f = fault_new(FAULT_TRUST, "%s is damaged; nothing was changed "
		    "and no record is touched by it; move it away and name the "
		    "hubs again: 'fieldkit hub add'", path);
	free(path);
	buf_free(&b);
	return f;
}

struct home_hub *
home_hub(struct home *h, const char *name_or_url)
{
	for (size_t i = 0; i < h->nhubs; i++)
		if (strcmp(h->hubs[i].name, name_or_url) == 0)
			return &h->hubs[i];
	for (size_t i = 0; i < h->nhubs; i++)
		if (strcmp(h->hubs[i].url, name_or_url) == 0)
			return &h->hubs[i];
	return NULL;
}

/*
 * Not the home's own lock: a sync holds that for as long as it takes, and
 * whoever plugs in a stick meanwhile should not wait for it.
 */
fault
home_hubs_lock(struct file_lock *l, struct home *h)
{
	char *path = home_file(h, "hubs.lock");
	fault f = file_lock(l, path, LOCK_WAIT_MS);

	free(path);
	if (f == NULL && (f = home_read_hubs(h)) != NULL)
		file_unlock(l);
	return f;
}
