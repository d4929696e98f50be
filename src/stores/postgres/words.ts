/** What can be said of an address by looking at it: without the driver, because every command line is looked at. */

export const isPostgres = (url: string): boolean => /^postgres(?:ql)?:\/\//.test(url);

/** Whether the address brings its password along, in whichever place. */
export const hasPassword = (url: string): boolean => {
  const parsed = URL.parse(
    url
      .replace(/^[a-z]+:/, 'http:')
      .replace('@/', '@localhost/')
      .replace(':///', '://localhost/'),
  );
  if (parsed === null) return true;
  return parsed.password !== '' || parsed.searchParams.has('password');
};
