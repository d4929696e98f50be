/** `airspace completion`: what a shell is told, so that it asks `__complete`. Nothing that comes back is ever evaluated. */
import type { Context } from '../../context.ts';
import { EXIT } from '../../failure.ts';

/** A line of `__complete` for: names of files fit here, and the shell knows those itself. */
export const FILES = ':files';

export const completion = async ({ out }: Context, shell: string): Promise<number> => {
  out.print(SCRIPTS[shell as keyof typeof SCRIPTS]);
  return EXIT.ok;
};

/**
 * Bash cuts words at `=`, `:` and `@` too, and replaces only what is behind the last of them: so the line is cut at spaces, and what
 * stands before the cursor's own piece is taken off again.
 */
const BASH = `# airspace in bash: source <(airspace completion bash)
_airspace() {
  local line="\${COMP_LINE:0:COMP_POINT}" piece="\${COMP_WORDS[COMP_CWORD]}" word="" before="" words answer
  read -r -a words <<< "$line"
  case "$line" in *[[:space:]]) words+=("") ;; esac
  [ "\${#words[@]}" -gt 0 ] && word="\${words[\${#words[@]}-1]}"
  case "$piece" in [=:@]) piece="" ;; esac
  before="\${word%"$piece"}"
  COMPREPLY=()
  while IFS= read -r answer; do
    if [ "$answer" = "${FILES}" ]; then
      compopt -o filenames 2> /dev/null
      while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen -f -- "$piece")
      continue
    fi
    answer="\${answer%%$'\\t'*}"
    COMPREPLY+=("\${answer#"$before"}")
    case "$answer" in *[/=]) compopt -o nospace 2> /dev/null ;; esac
  done < <("$1" __complete -- "\${words[@]:1}" 2> /dev/null)
}
complete -F _airspace airspace
`;

const ZSH = `#compdef airspace
# airspace in zsh: source <(airspace completion zsh), or as _airspace in a folder of fpath
_airspace() {
  local answer word note
  local -a found open
  local files=0
  while IFS= read -r answer; do
    if [[ "$answer" == "${FILES}" ]]; then files=1; continue; fi
    word="\${answer%%$'\\t'*}"
    note="\${answer#"$word"}"
    note="\${note#$'\\t'}"
    if [[ "$word" == *[/=] ]]; then open+=("\${word//:/\\\\:}:$note"); else found+=("\${word//:/\\\\:}:$note"); fi
  done < <("\${(Q)words[1]}" __complete -- "\${(@Q)words[2,CURRENT]}" 2> /dev/null)
  (( \${#found} )) && _describe -V airspace found
  (( \${#open} )) && _describe -V airspace open -S ''
  (( files )) && _files
  return 0
}
if [[ "\${funcstack[1]}" == "_airspace" ]]; then _airspace "$@"; else compdef _airspace airspace; fi
`;

const FISH = `# airspace in fish: airspace completion fish | source
function __airspace_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for answer in (command $words[1] __complete -- $words[2..-1] "$current" 2> /dev/null)
        if test "$answer" = "${FILES}"
            __fish_complete_path "$current"
        else
            printf '%s\\n' "$answer"
        end
    end
end
complete -c airspace -f -a '(__airspace_complete)'
`;

/** Older ones pass no empty word on to a program: \`--next\` says that there is one. */
const POWERSHELL = `# airspace in PowerShell: airspace completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName airspace -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $all = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $words = @($all | Select-Object -Skip 1)
  $options = @()
  if ($wordToComplete -eq '') { $options += '--next' }
  & $all[0] __complete @options -- @words 2> $null | ForEach-Object {
    $word, $note = $_ -split "\`t", 2
    if ($word -eq '${FILES}') { return }
    if (-not $note) { $note = $word }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $note)
  }
}
`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL } as const;
