/*
 * unlock, lock, passphrase -- the key between two commands.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/kernelkey.h"
#include "sync/base/secret.h"

#define FOR_DEFAULT_S (15 * 60)
#define FOR_MAX_S (12 * 60 * 60)

/* "90s", "15m", "2h". */
static fault
read_duration(const char *s, unsigned *seconds)
{
	char *end;
	unsigned long n;

	*seconds = FOR_DEFAULT_S;
	if (s == NULL)
		return NULL;
	n = strtoul(s, &end, 10);
	if (*s >= '0' && *s <= '9' && n > 0 && n <= FOR_MAX_S) {
		if (strcmp(end, "m") == 0 || *end == '\0')
			n *= 60;
		else if (strcmp(end, "h") == 0)
			n *= 3600;
		else if (strcmp(end, "s") != 0)
			n = 0;
		if (n > 0 && n <= FOR_MAX_S) {
			*seconds = (unsigned)n;
			return NULL;
		}
	}
	return fault_new(FAULT_USAGE, "--for is a time up to 12h, as 90s, 15m "
	    "or 2h");
}

fault
cmd_unlock_command(struct ctx *c)
{
	struct json_out w = json_writer(&c->out);
	uint8_t *master = NULL;
	unsigned seconds;
	fault f;

	if ((f = read_duration(option(c, "for"), &seconds)) != NULL ||
	    (f = cmd_open(c)) != NULL ||
	    (f = cmd_master(c, &master)) != NULL)
		return f;
	if ((f = kernelkey_put(c->home.path, master, seconds)) == NULL) {
		if (c->json) {
			json_open(&w, '{');
			json_key(&w, "unlocked");
			json_put_int(&w, seconds);
			json_close(&w);
			buf_text(&c->out, "\n");
		} else {
			out(c, "Unlocked for %u minutes.\n",
			    (seconds + 59) / 60);
		}
	}
	secret_free(master, MASTER_LEN);
	return f;
}

/* A passphrase that is given, or the kernel's key; *master NULL: neither. */
static fault
key_at_hand(struct ctx *c, uint8_t **master)
{
	fault f;

	if (option(c, "passphrase-fd") != NULL ||
	    getenv("FIELDKIT_PASSPHRASE_FILE") != NULL)
		return cmd_master(c, master);
	f = kernelkey_get(master, c->home.path);
	if (f != NULL && f->code == FAULT_ABSENT)
		return NULL;
	if (f == NULL && !keyfile_fits(&c->home.keyfile, *master)) {
		secret_free(*master, MASTER_LEN);
		*master = NULL;
	}
	return f;
}

static fault
seal_all(struct ctx *c, uint8_t *master, size_t *changes)
{
	struct file_lock lock = FILE_LOCK_NONE;
	size_t commits;
	fault f;

	if ((f = home_unlock(&c->home, master)) != NULL ||
	    (f = home_site(&c->home)) != NULL ||
	    (f = home_lock(&lock, &c->home)) != NULL)
		return f;
	f = exchange_seal(&c->home, changes, &commits);
	file_unlock(&lock);
	return f;
}

/* The key goes even if sealing fails: what is not sealed stays saved. */
fault
cmd_lock(struct ctx *c)
{
	uint8_t *master = NULL;
	size_t changes = 0;
	bool known;
	fault f;

	if ((f = cmd_open(c)) != NULL)
		return f;
	f = key_at_hand(c, &master);
	known = f == NULL && master != NULL;
	if (known)
		f = seal_all(c, master, &changes);
	kernelkey_drop(c->home.path);
	if (f != NULL)
		return fault_while(f, "the key was dropped, but what is "
		    "outstanding is not sealed");
	if (c->json)
		return NULL;
	if (known)
		out(c, "Locked; %zu changes were sealed.\n", changes);
	else
		out(c, "It was locked already; nothing was sealed.\n");
	return NULL;
}

fault
cmd_passphrase(struct ctx *c)
{
	struct secret_line l = { NULL, 0 };
	uint8_t *master = NULL;
	fault f;

	if ((f = cmd_open(c)) != NULL ||
	    (f = cmd_master(c, &master)) != NULL)
		return f;
	if ((f = cmd_next_passphrase(c, &l)) == NULL)
		f = keyfile_change(c->home.path, &c->home.keyfile, master,
		    (struct bytes){ l.at, l.len });
	if (f == NULL && !c->json)
		out(c, "The passphrase was changed.\n");
	secret_free(master, MASTER_LEN);
	secret_line_free(&l);
	return f;
}
