/** The branch of the command line that is about people, teams, keys and secrets. */
import type { Command } from 'commander';
import { collect, type Does } from './action.ts';

export const addIdentity = (program: Command, does: Does): void => {
  addLogin(program, does);
  addKeys(program.command('key').description('API keys'), does);
  addSecrets(program.command('secret').description('what targets want to be shown'), does);
  addUsers(program.command('user').description('people, and what they may do'), does);
  addTeams(program.command('team').description('people and agents that belong together'), does);
};

const addKeys = (key: Command, does: Does): void => {
  key
    .command('create <owner>')
    .description('a key for agent/<name> or user/<name>; the secret is printed once')
    .option('--expires <time>', 'such as 30d; 90d unless said, at most 366d')
    .option('--scope <scope>', 'narrow it, repeatable: call, read, operate, develop, policy, approve, ...', collect)
    .option('--force', 'a third live key of one owner')
    .option('--reason <text>', 'kept in history')
    .action(
      does(async (context, [owner = ''], options) =>
        (await import('./commands/keys.ts')).createKey(context, owner, options),
      ),
    );
  key
    .command('ls')
    .description('whose keys there are, what they open, when they end and were last used')
    .action(does(async (context) => (await import('./commands/keys.ts')).listKeys(context)));
  key
    .command('rotate <id>')
    .description('another key in the place of this one, which works on for a day')
    .option('--expires <time>', 'such as 30d; 90d unless said, at most 366d')
    .option('--grace <time>', 'how long the old one still works; 24h unless said, 0s for none')
    .option('--force', 'a third live key of one owner')
    .action(
      does(async (context, [id = ''], options) => (await import('./commands/keys.ts')).rotateKey(context, id, options)),
    );
  key
    .command('revoke <id>')
    .description('from now on nobody is let in with it')
    .option('-y, --yes', 'do not ask')
    .action(
      does(async (context, [id = ''], options) => (await import('./commands/keys.ts')).revokeKey(context, id, options)),
    );
};

const addUsers = (user: Command, does: Does): void => {
  user
    .command('ls')
    .description('who there is, with roles and teams')
    .action(does(async (context) => (await import('./commands/people.ts')).listUsers(context)));
  user
    .command('create <name>')
    .description('somebody who may have keys and log in')
    .option('--role <role>', 'viewer, operator, developer, policy-admin, approver, ...; repeatable', collect)
    .option('--display-name <text>', 'for lists')
    .option('--domain <name>', 'the domain that the person belongs to')
    .action(
      does(async (context, [name = ''], options) =>
        (await import('./commands/people.ts')).createUser(context, name, options),
      ),
    );
  user
    .command('roles <name>')
    .description('what somebody may do; changed with --add and --remove')
    .option('--add <role>', 'repeatable', collect)
    .option('--remove <role>', 'repeatable', collect)
    .action(
      does(async (context, [name = ''], options) =>
        (await import('./commands/people.ts')).userRoles(context, name, options),
      ),
    );
};

const addTeams = (team: Command, does: Does): void => {
  team
    .command('ls')
    .description('teams with their members')
    .action(does(async (context) => (await import('./commands/people.ts')).listTeams(context)));
  team
    .command('create <name> [members...]')
    .description('members are user/<name> and agent/<name>')
    .option('--domain <name>', 'the domain that looks after it')
    .action(
      does(async (context, [name = '', ...members], options) =>
        (await import('./commands/people.ts')).createTeam(context, name, members, options),
      ),
    );
  team
    .command('add <name> <members...>')
    .description('more members')
    .action(
      does(async (context, [name = '', ...members]) =>
        (await import('./commands/people.ts')).addToTeam(context, name, members),
      ),
    );
  team
    .command('remove <name> <members...>')
    .description('fewer members')
    .action(
      does(async (context, [name = '', ...members]) =>
        (await import('./commands/people.ts')).removeFromTeam(context, name, members),
      ),
    );
};

const addLogin = (program: Command, does: Does): void => {
  program
    .command('login')
    .description('as a person, with an OpenID Connect provider; by a browser on this machine, or --device')
    .option('--issuer <url>', 'the provider; remembered')
    .option('--client-id <id>', 'of Airspace at the provider; `airspace` unless said')
    .option('--device', 'by a code that is typed on another machine')
    .action(does(async (context, _, options) => (await import('./commands/login.ts')).login(context, options)));
  program
    .command('logout')
    .description('forget the login')
    .action(does(async (context) => (await import('./commands/login.ts')).logout(context)));
  program
    .command('whoami')
    .description('whom the key or login stands for, and what it opens')
    .action(does(async (context) => (await import('./commands/login.ts')).whoami(context)));
};

const addSecrets = (secret: Command, does: Does): void => {
  secret
    .command('set <name>')
    .description('a secret, or another value of one; the value comes from standard input')
    .requiredOption(
      '--for <url>',
      'where it may be sent, repeatable; nowhere else, whatever a configuration says',
      collect,
    )
    .action(
      does(async (context, [name = ''], options) =>
        (await import('./commands/secrets.ts')).setSecret(context, name, options),
      ),
    );
  secret
    .command('ls')
    .description('their names; no value ever comes out')
    .action(does(async (context) => (await import('./commands/secrets.ts')).listSecrets(context)));
  secret
    .command('rm <name>')
    .description('forget one')
    .option('-y, --yes', 'do not ask')
    .action(
      does(async (context, [name = ''], options) =>
        (await import('./commands/secrets.ts')).removeSecret(context, name, options),
      ),
    );
  secret
    .command('rotate')
    .description('seal all of them with a new key; their values stay')
    .action(does(async (context) => (await import('./commands/secrets.ts')).rotateSecrets(context)));
};
