" What Vim sees of the Dockerfile that it was started with, line by line into the file $SEEN.

function! See(what, text) abort
  call writefile([a:what . "\t" . substitute(a:text, '\_s\+', ' ', 'g')], $SEEN, 'a')
endfunction

function! Message(part) abort
  let l:all = map(copy(ale#engine#GetLoclist(bufnr(''))), 'v:val.text')
  return get(filter(l:all, 'stridx(v:val, a:part) >= 0'), 0, '')
endfunction

function! Wait(what, met) abort
  let l:left = 600
  while !a:met()
    let l:left -= 1
    if !l:left
      call See('failed', 'waited in vain for ' . a:what)
      cquit
    endif
    sleep 100m
  endwhile
endfunction

function! Preview() abort
  for l:number in range(1, winnr('$'))
    if getwinvar(l:number, '&previewwindow')
      return join(getbufline(winbufnr(l:number), 1, '$'))
    endif
  endfor
  return ''
endfunction

call See('version', v:version / 100 . '.' . v:version % 100)
ALELint
call Wait('a diagnostic', {-> !empty(Message('download cache'))})
call See('diagnostic', Message('download cache'))

let g:ale_hover_to_preview = 1
call cursor(4, 6)
ALEHover
call Wait('the hover', {-> !empty(Preview())})
call See('hover', Preview())
pclose

" :ALECodeAction would show the titles as a menu.
function! Choose(data, actions) abort
  for l:action in a:actions
    if l:action[1].title =~ 'npm cache clean'
      call ale#codefix#ApplyLSPCodeAction(a:data, l:action[1])
    endif
  endfor
endfunction
call cursor(4, 6)
call ale#codefix#Execute(0, function('Choose'))
call Wait('the fix', {-> getline(4) =~ 'cache clean'})
ALELint " a script gets no TextChanged
call Wait('silence about what was fixed', {-> empty(Message('download cache'))})
call See('fix', getline(4))

edit! .dockerignore
ALELint
call Wait('a diagnostic of .dockerignore', {-> !empty(Message('#'))})
call See('ignore file', Message('#'))
qall!
