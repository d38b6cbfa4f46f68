/*
 * cmd_key -- where a command gets its passphrase and the master key from.
 */
#include "fieldkit/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/kernelkey.h"
#include "fieldkit/swap.h"
#include "sync/base/secret.h"

#define WORDS_MIN 12		/* shortest real passphrase, characters */

/* The passphrase that was handed in; l stays empty if none was. */
static fault
given(const struct ctx *c, struct secret_line *l)
{
	const char *fd = option(c, "passphrase-fd");
	const char *file = getenv("FIELDKIT_PASSPHRASE_FILE");

	if (fd != NULL)
		return secret_line_fd(l, atoi(fd));
	if (file != NULL && *file != '\0')
		return secret_line_file(l, file);
	return NULL;
}

fault
cmd_swap(const struct ctx *c, bool practice)
{
	fault f = swap_check("");

	if (f == NULL || option_given(c, "allow-swap"))
		return NULL;
	if (!practice)
		return f;
	note("%s", f->text);
	return NULL;
}

fault
cmd_passphrase_for(const struct ctx *c, const struct keyfile *k,
    uint8_t **master)
{
	struct secret_line l = { NULL, 0 };
	fault f;

	if ((f = given(c, &l)) != NULL || (l.at == NULL &&
	    (f = term_secret(&l, say("Passphrase"))) != NULL))
		goto done;
	f = keyfile_unlock(master, k, (struct bytes){ l.at, l.len });
done:
	secret_line_free(&l);
	return f;
}

/* A passphrase that is given is checked, even where the kernel has the key. */
fault
cmd_master(struct ctx *c, uint8_t **master)
{
	const char *file = getenv("FIELDKIT_PASSPHRASE_FILE");
	fault f = cmd_swap(c, c->home.practice);

	if (f != NULL)
		return f;
	if (option(c, "passphrase-fd") == NULL &&
	    (file == NULL || *file == '\0') &&
	    kernelkey_get(master, c->home.path) == NULL) {
		if (keyfile_fits(&c->home.keyfile, *master))
			return NULL;
		secret_free(*master, MASTER_LEN);
		*master = NULL;
	}
	return cmd_passphrase_for(c, &c->home.keyfile, master);
}

/*
 * Refuse what a thief would try first.  Generated words are long; a person's
 * own choice must have length and more than a few different letters.
 */
fault
passphrase_strong(const struct secret_line *l)
{
	bool seen[256] = { false };
	size_t kinds = 0;

	for (size_t i = 0; i < l->len; i++) {
		kinds += !seen[l->at[i]];
		seen[l->at[i]] = true;
	}
	if (l->len >= WORDS_MIN && kinds >= 6)
		return NULL;
	return fault_new(FAULT_INVALID, "this passphrase is too easy to guess; "
	    "nothing was made; choose at least %d characters, best six random "
	    "words", WORDS_MIN);
}

fault
cmd_new_passphrase(struct ctx *c, struct secret_line *l, bool practice)
{
	struct secret_line again = { NULL, 0 };
	fault f;

	if ((f = given(c, l)) != NULL)
		goto done;
	if (l->at == NULL) {
		if ((f = term_secret(l, say("New passphrase"))) != NULL ||
		    (f = term_secret(&again, say("Once more"))) != NULL)
			goto done;
		if (l->len != again.len ||
		    memcmp(l->at, again.at, l->len) != 0)
			f = fault_new(FAULT_INVALID, "the two passphrases are "
			    "not the same; nothing was made; try again");
	}
	if (f == NULL && !practice)
		f = passphrase_strong(l);
done:
	secret_line_free(&again);
	return f;
}

fault
cmd_next_passphrase(struct ctx *c, struct secret_line *l)
{
	const char *fd = option(c, "new-fd"), *file = option(c, "new-file");
	struct secret_line again = { NULL, 0 };
	fault f;

	if (fd != NULL)
		f = secret_line_fd(l, atoi(fd));
	else if (file != NULL)
		f = secret_line_file(l, file);
	else if ((f = term_secret(l, say("New passphrase"))) == NULL &&
	    (f = term_secret(&again, say("Once more"))) == NULL &&
	    (l->len != again.len || memcmp(l->at, again.at, l->len) != 0))
		f = fault_new(FAULT_INVALID, "the two passphrases are not the "
		    "same; the old one holds; try again");
	if (f == NULL && !c->home.practice)
		f = passphrase_strong(l);
	secret_line_free(&again);
	return f;
}
