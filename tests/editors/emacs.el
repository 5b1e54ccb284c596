;;; What Emacs sees of the Dockerfile in this folder, line by line into the file SEEN.  -*- lexical-binding: t -*-

(setq make-backup-files nil auto-save-default nil create-lockfiles nil)
(setq eglot-sync-connect 60)
(require 'eglot)
(require 'flymake)

(defun see (what text)
  (let ((line (replace-regexp-in-string "[ \t\n]+" " " text)))
    (write-region (concat what "\t" line "\n") nil (getenv "SEEN") t 'quiet)))

(defun wait (what met)
  (let ((left 600))
    (while (not (or (funcall met) (zerop left)))
      (accept-process-output nil 0.1)
      (setq left (1- left)))
    (when (zerop left)
      (see "failed" (concat "waited in vain for " what))
      (kill-emacs 1))))

(defun message-with (part)
  (seq-find (lambda (text) (string-search part text)) (mapcar #'flymake-diagnostic-text (flymake-diagnostics))))

;; A window would do this after the hook of the mode; --batch has no command loop.
(defun open-file (name)
  (find-file name)
  (apply #'eglot--connect (eglot--guess-contact))
  (wait "the server" #'eglot-managed-p)
  (flymake-mode 1)
  (flymake-start))

(see "version" emacs-version)
(open-file "Dockerfile")
(wait "a diagnostic" (lambda () (message-with "download cache")))
(see "diagnostic" (message-with "download cache"))

(goto-char (point-min))
(search-forward "RUN npm i")
(let ((hover (eglot--request (eglot-current-server) :textDocument/hover (eglot--TextDocumentPositionParams))))
  (see "hover" (eglot--format-markup (plist-get hover :contents))))

(eglot-inlay-hints-mode 1)
(eglot--update-hints (point-min) (point-max))
(defun hint ()
  (seq-some (lambda (overlay)
              (or (overlay-get overlay 'before-string) (overlay-get overlay 'after-string)))
            (seq-filter (lambda (overlay) (overlay-get overlay 'eglot--inlay-hint))
                        (overlays-in (line-beginning-position) (1+ (line-end-position))))))
(wait "hints" #'hint)
(see "hint" (substring-no-properties (hint)))

(let ((fix (seq-find (lambda (action) (string-search "npm cache clean" (plist-get action :title)))
                     (eglot-code-actions (point) (point) "quickfix" nil))))
  (eglot-execute (eglot-current-server) fix))
(see "fix" (buffer-substring-no-properties (line-beginning-position) (line-end-position)))

(set-buffer-modified-p nil)
(open-file ".dockerignore")
(wait "a diagnostic of .dockerignore" (lambda () (message-with "#")))
(see "ignore file" (message-with "#"))
(kill-emacs 0)
