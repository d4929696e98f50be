/** What `airspace` alone says: the shortest way to everything. */

export const INTRO = `airspace: air-traffic control for AI agents

  airspace up                                        start a hub and a sample fleet on this machine
  airspace request agent/orders/where -d '{"id":7}'  make a call
  airspace why 7f3ac91e                              learn why it went as it did

  look      status  check  get  describe  request ls  wait  top  tap  logs  ui
  explain   trace  why  explain  history
  change    apply  diff  delete  rollback  drain  tool accept
  let in    login  whoami  config  user  team  key  secret  token create  bootstrap
  run       up  down  serve  sidecar run

  airspace <command> --help says the rest; -o json works everywhere
  exit codes: 0 done, 1 no, 2 usage, 3 unreachable, 4 not found, 5 not permitted, 6 conflict, 7 timed out, 8 denied`;
