;;; What lsp-mode shows of the Dockerfile in this folder.  -*- lexical-binding: t -*-

(load (expand-file-name "emacs.el" (file-name-directory load-file-name)))
(require 'lsp-mode)
(setq lsp-auto-guess-root t)  ; there is nobody to ask
(setq lsp-enable-file-watchers nil)

(defun message-with (part)
  (seq-find (lambda (text) (string-search part text))
            (mapcar (lambda (each) (lsp-get each :message))
                    (apply #'append (mapcar (lambda (list) (append list nil)) (hash-table-values (lsp-diagnostics)))))))

(defun open-file (name)
  (find-file name)
  (lsp)
  (wait "the server" (lambda () (and lsp--buffer-workspaces
                                     (eq 'initialized (lsp--workspace-status (car lsp--buffer-workspaces)))))))

(see "version" (concat emacs-version ", lsp-mode " (lsp-package-version)))
(open-file "Dockerfile")
(wait "a diagnostic" (lambda () (message-with "download cache")))
(see "diagnostic" (message-with "download cache"))

(goto-char (point-min))
(search-forward "RUN npm i")
(let ((hover (lsp-request "textDocument/hover" (lsp--text-document-position-params))))
  (see "hover" (lsp--render-on-hover-content (lsp-get hover :contents) t)))

(lsp-inlay-hints-mode 1)
(lsp-update-inlay-hints (point-min) (point-max))
(wait "hints" (lambda () (hint 'lsp-inlay-hint)))
(see "hint" (substring-no-properties (hint 'lsp-inlay-hint)))

(lsp-execute-code-action
 (seq-find (lambda (action) (string-search "npm cache clean" (lsp-get action :title))) (lsp-code-actions-at-point)))
(wait "silence about what was fixed" (lambda () (lsp--on-change-debounce (current-buffer)) (not (message-with "download cache"))))
(see "fix" (line))

(set-buffer-modified-p nil)
(open-file ".dockerignore")
(wait "a diagnostic of .dockerignore" (lambda () (message-with "#")))
(see "ignore file" (message-with "#"))
(kill-emacs 0)
