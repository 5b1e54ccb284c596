-- What Neovim sees of the Dockerfile that it was started with, line by line into the file SEEN.
local seen = assert(io.open(vim.env.SEEN, 'w'))

local function see(what, text)
  seen:write(what, '\t', (tostring(text):gsub('%s+', ' ')), '\n')
  seen:flush()
end

local function wait(what, met)
  if not vim.wait(60000, met, 50) then
    see('failed', 'waited in vain for ' .. what)
    vim.cmd('cquit')
  end
end

local function message(part)
  for _, each in ipairs(vim.diagnostic.get(0)) do
    if each.message:find(part, 1, true) then return each.message end
  end
end

see('version', vim.version())
wait('a diagnostic', function() return message('download cache') end)
see('diagnostic', message('download cache'))

wait('hints', function() return #vim.lsp.inlay_hint.get({ bufnr = 0 }) > 2 end)
for _, each in ipairs(vim.lsp.inlay_hint.get({ bufnr = 0 })) do
  if each.inlay_hint.position.line == 3 then see('hint', each.inlay_hint.label) end
end

vim.api.nvim_win_set_cursor(0, { 4, 5 })
vim.lsp.buf.hover()
local function popup()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then return vim.api.nvim_win_get_buf(window) end
  end
end
wait('the hover', popup)
see('hover', table.concat(vim.api.nvim_buf_get_lines(popup(), 0, -1, false), ' '))

vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title:find('npm cache clean') end })
wait('the fix', function() return vim.fn.getline(4):find('cache clean') end)
wait('silence about what was fixed', function() return not message('download cache') end)
see('fix', vim.fn.getline(4))

vim.cmd('edit! .dockerignore')
wait('a diagnostic of .dockerignore', function() return message('#') end)
see('ignore file', message('#'))
vim.cmd('qall!')
